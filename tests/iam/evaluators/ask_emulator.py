"""Asks the emulator's evaluator, in the emulator's environment. Standard input and output as of ask_simulator.mjs.

It is asked about identity policies alone: how those and a resource's policy combine is ask_simulator.mjs's part.
"""

import importlib
import json
import sys
from typing import Any

evaluator: Any = importlib.import_module("ministack.core.iam_evaluator")
DECISIONS = {"Allow": "Allowed", "Deny": "ExplicitlyDenied", "ImplicitDeny": "ImplicitlyDenied"}


def main() -> None:
    """Answer the questions."""
    asked = json.load(sys.stdin)
    parsed = {name: evaluator.parse_policy_document(policy) for name, policy in asked["policies"].items()}
    decisions = []
    for question in asked["questions"]:
        account = question["principal"].split(":")[4]
        context = evaluator.EvalContext(
            principal_arn=question["principal"],
            principal_type="AssumedRole",
            principal_account=account,
            action=question["action"],
            resource_arn=question["resource"],
            region="",
            source_ip="",
            secure_transport=True,
            service_context={key.lower(): value for key, value in question["context"].items()},
        )
        result = evaluator.evaluate(context, [parsed[name] for name in question["identity"]])
        decisions.append(DECISIONS[result.decision])
    json.dump(decisions, sys.stdout)


if __name__ == "__main__":
    main()
