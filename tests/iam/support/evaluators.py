"""Two evaluators of IAM policies, each a program of its own that is asked many questions at a time.

``decisions`` asks the one of the field, @cloud-copilot/iam-simulate, which knows resource policies and KMS, and which
keys AWS fills in for which action. ``emulator_decisions`` asks the one that guards the running platform.
``against_reference`` compares policies with AWS's reference of actions and resources.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from toolchain import node, venv

PROGRAMS = Path(__file__).resolve().parents[1] / "evaluators"
ALLOWED = "Allowed"

Document = Mapping[str, Any]
"""A policy document."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request of AWS: IAM action, ARN of the resource, and what AWS fills in of condition keys."""

    action: str
    resource: str
    context: tuple[tuple[str, str | tuple[str, ...]], ...] = ()

    @classmethod
    def of(cls, action: str, resource: str, context: Mapping[str, str | tuple[str, ...]] | None = None) -> Request:
        """A request with its context as a mapping; several values of a key as a tuple."""
        return cls(action, resource, tuple(sorted((context or {}).items())))

    def __str__(self) -> str:
        context = ", ".join(f"{key}={value}" for key, value in self.context)
        return f"{self.action} on {self.resource}" + (f" ({context})" if context else "")


@dataclass(frozen=True, slots=True)
class Question:
    """Whether a principal with these identity policies may make a request of a resource with this policy, if any.

    ``boundary`` is the principal's permissions boundary, which the emulator's evaluator is not asked about.
    """

    principal: str
    request: Request
    identity: tuple[Document, ...]
    resource_policy: Document | None = None
    boundary: Document | None = None


@dataclass
class _Sheet:
    policies: dict[str, Document] = field(default_factory=dict)
    _names: dict[int, str] = field(default_factory=dict)

    def name(self, policy: Document) -> str:
        """The name of a policy; one object has one name."""
        if id(policy) not in self._names:
            name = self._names[id(policy)] = f"policy-{len(self._names)}"
            self.policies[name] = policy
        return self._names[id(policy)]


def decisions(questions: Sequence[Question]) -> list[str]:
    """The decision on each question: ``Allowed``, ``ImplicitlyDenied`` or ``ExplicitlyDenied``."""
    folder = node.ensure("iam-simulate")
    return _ask([str(node.binary()), str(PROGRAMS / "ask_simulator.mjs")], questions, folder)


def emulator_decisions(questions: Sequence[Question]) -> list[str]:
    """The emulator's decision on each question, by the identity policies alone."""
    return _ask([str(venv.ensure("emulator")), str(PROGRAMS / "ask_emulator.py")], questions, PROGRAMS)


def against_reference(policies: Sequence[Document]) -> list[str]:
    """What AWS's reference says against policies: actions that there are not, or that they lack something for."""
    folder = node.ensure("iam-simulate")
    command = [str(node.binary()), str(PROGRAMS / "ask_reference.mjs")]
    done = subprocess.run(
        command, cwd=folder, input=json.dumps(list(policies)), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    return found


def _ask(command: Sequence[str], questions: Sequence[Question], folder: Path) -> list[str]:
    sheet = _Sheet()
    asked = [
        {
            "principal": question.principal,
            "action": question.request.action,
            "resource": question.request.resource,
            "context": dict(question.request.context),
            "identity": [sheet.name(policy) for policy in question.identity],
            "resourcePolicy": None if question.resource_policy is None else sheet.name(question.resource_policy),
            "boundary": None if question.boundary is None else sheet.name(question.boundary),
        }
        for question in questions
    ]
    document = json.dumps({"policies": sheet.policies, "questions": asked})
    done = subprocess.run(command, cwd=folder, input=document, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answers: list[str] = json.loads(done.stdout)
    assert len(answers) == len(questions)
    return answers
