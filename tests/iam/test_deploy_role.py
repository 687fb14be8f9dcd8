"""The bootstrap makes what an environment is deployed with, and its deploy role is enough for that, and no more.

On an emulator of its own that enforces IAM: an administrator applies `envs/bootstrap` and moves its state into the
bucket, an operator deploys `envs/dev` as the deploy role alone, with its own backend, lock and boundary, and takes it
away again. What Terraform asked for is then put to the simulator, with what AWS asks for and the emulator does not
(deployment.toml). The tests build on each other, in their order.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.iam.support import deployment
from tests.iam.support.account import (
    ACCOUNT_ID,
    APPLY,
    BOUNDARY,
    DESTROY,
    DEV,
    OPERATOR,
    PACKAGES,
    REGION,
    ROLE,
    WEB_ACL,
    Account,
    refused,
)
from tests.iam.support.evaluators import ALLOWED, Document, Request, against_reference, decisions
from tests.support.plans import edged

from emulator.server import Emulator
from local_platform.deployment import clear_environment, upload
from toolchain import build, terraform

FORBIDDEN = Path(__file__).with_name("forbidden.toml")
STATE = f"arn:aws:s3:::shop-terraform-state-{ACCOUNT_ID}-{REGION}"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/11111111-2222-3333-4444-555555555555"
ADMINISTRATOR = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)

ALSO_ELSEWHERE = {
    "an API has a random id, and an ARN without an account": {"apigateway:DELETE", "apigateway:GET", "apigateway:POST"},
    "only looks, at all": {
        "cloudwatch:DescribeAlarms",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
        "kms:ListAliases",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "s3:ListBucket",
        "ssm:DescribeParameters",
        "sts:GetCallerIdentity",
    },
    "is about no resource": {
        "backup-storage:MountCapsule",
        "cloudfront:CreateResponseHeadersPolicy",
        "events:PutPermission",
        "events:RemovePermission",
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
        "secretsmanager:GetRandomPassword",
    },
    "a mapping or a signing configuration has a random id": {
        "lambda:GetEventSourceMapping",
        "lambda:ListTags",
        "lambda:PutFunctionCodeSigningConfig",
    },
    "a policy for response headers has a random id, and no tags": {
        "cloudfront:DeleteResponseHeadersPolicy",
        "cloudfront:GetResponseHeadersPolicy",
    },
    "the edge's bucket, rules and firewall are everybody's": {
        "s3:GetBucketAcl",
        "s3:PutBucketAcl",
        "wafv2:CreateWebACL",
        "wafv2:GetWebACL",
        "wafv2:UpdateWebACL",
    },
    "the packages are every environment's": {"s3:GetObject"},
    "the mail identity is the one that the role was given": {
        "ses:CreateEmailIdentity",
        "ses:DeleteEmailIdentity",
        "ses:GetEmailIdentity",
        "ses:ListTagsForResource",
    },
}
"""What the role is allowed of which the environment cannot be told."""

DONE_WITHOUT = {"kms:DescribeKey": "alias/aws/dynamodb"}
"""What Terraform asks for and goes on without: the default key of tables, which none of these has."""


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    clear_environment()
    folder = tmp_path_factory.mktemp("bootstrap")
    with Emulator.start(name="bootstrap", auth=True, journal=folder / "journal.jsonl") as emulator:
        yield Account.on(emulator, terraform.find(), folder)


@pytest.fixture(scope="module")
def bootstrapped(account: Account) -> dict[str, Any]:
    """What the bootstrap puts out."""
    account.tool.init(account.configuration, env=account.bootstrap_env)
    account.bootstrap(*APPLY)
    return account.tool.outputs(account.configuration, env=account.bootstrap_env)


@pytest.fixture(scope="module")
def policies(account: Account, bootstrapped: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The policies of the deploy role."""
    return account.policies(ROLE)


@pytest.fixture(scope="module")
def variables(account: Account, bootstrapped: Mapping[str, Any]) -> list[str]:
    """The options of Terraform in `envs/dev`, initialised as the operator with the bucket as its backend."""
    built = build.build()
    upload(account.emulator, built)
    dev = bootstrapped["environments"]["dev"]
    backend = account.folder / "backend.hcl"
    backend.write_text(
        f'bucket = "{bootstrapped["state"]["bucket"]}"\nregion = "{REGION}"\nuse_path_style = true\n'
        f'assume_role = {{ role_arn = "{dev["deploy_role_arn"]}" }}\n',
        encoding="utf-8",
    )
    account.tool.init(DEV, f"-backend-config={backend}", "-reconfigure", env=account.dev_env)
    values = {
        **dev,
        "mail": {"from": "orders@example.com"},
        "packages": {"s3": {"bucket": PACKAGES, "sha256": {n: p.sha256_base64 for n, p in built.items()}}},
        "vpc": None,
        "code_signing": None,
        **edged(ACCOUNT_ID, REGION, web_acl_arn=WEB_ACL),
    }
    return [f"-var={key}={value if isinstance(value, str) else json.dumps(value)}" for key, value in values.items()]


@pytest.fixture(scope="module")
def deployed(account: Account, policies: list[Document], variables: list[str]) -> dict[str, Any]:
    """The state of the platform after its apply, with IAM enforced, as `terraform show -json` tells it."""
    account.tool.run([*APPLY, *variables], DEV, env=account.dev_env)
    state: dict[str, Any] = json.loads(account.tool.run(["show", "-json"], DEV, env=account.dev_env).stdout)
    return state


# The bootstrap


def test_second_plan_of_the_bootstrap_is_empty(account: Account, bootstrapped: Mapping[str, Any]) -> None:
    assert "No changes." in account.bootstrap("plan", "-input=false", "-no-color")


def test_the_state_of_the_bootstrap_moves_into_the_bucket(account: Account, bootstrapped: Mapping[str, Any]) -> None:
    """As docs/environments.md has it, and back, so that the bucket can be taken away in the end."""
    override, bucket = account.configuration / "backend_override.tf", bootstrapped["state"]["bucket"]
    backend = 'key = "saga/bootstrap/terraform.tfstate"\nuse_lockfile = true\nuse_path_style = true\n'
    override.write_text(f'terraform {{\nbackend "s3" {{\n{backend}}}\n}}\n', encoding="utf-8")
    options = ["-migrate-state", "-force-copy", f"-backend-config=bucket={bucket}", f"-backend-config=region={REGION}"]
    account.tool.init(account.configuration, *options, env=account.bootstrap_env)
    assert "No changes." in account.bootstrap("plan", "-input=false", "-no-color")
    stored = account.client("s3").get_object(Bucket=bucket, Key="saga/bootstrap/terraform.tfstate")["Body"].read()
    assert json.loads(stored)["outputs"]["state"]["value"]["bucket"] == bucket
    override.unlink()
    account.tool.init(account.configuration, "-migrate-state", "-force-copy", env=account.bootstrap_env)


def test_the_bucket_is_versioned_encrypted_and_closed(account: Account, bootstrapped: Mapping[str, Any]) -> None:
    s3, bucket = account.client("s3"), bootstrapped["state"]["bucket"]
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {
        "SSEAlgorithm": "aws:kms",
        "KMSMasterKeyID": bootstrapped["state"]["kms_key_arn"],
    }
    assert all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())
    lock = {"Bucket": bucket, "Key": "saga/dev/terraform.tfstate.tflock"}
    s3 = account.as_deploy_role("s3")
    s3.put_object(**lock, Body=b"")
    assert refused(s3.put_object, **lock, Body=b"", ServerSideEncryption="AES256")
    s3.delete_object(**lock)


def test_only_the_workflow_of_the_environment_assumes_the_role(
    account: Account, bootstrapped: Mapping[str, Any]
) -> None:
    role = account.client("iam").get_role(RoleName="shop-dev-deploy")["Role"]
    (statement, people) = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Condition"] == {
        "StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": "repo:example/shop:environment:dev",
        }
    }
    assert people["Principal"] == {"AWS": [OPERATOR]}


def test_the_role_agrees_with_what_aws_says_of_actions_and_resources(policies: list[Document]) -> None:
    assert against_reference(policies) == []


# The deployment


def test_the_deploy_role_deploys_the_platform_with_bounded_roles(account: Account, deployed: dict[str, Any]) -> None:
    roles = account.client("iam").get_paginator("list_roles").paginate()
    made = [role["RoleName"] for page in roles for role in page["Roles"] if role["Path"] == "/"]
    assert len(made) > 20
    for name in made:
        role = account.client("iam").get_role(RoleName=name)["Role"]
        assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == BOUNDARY, name


def test_the_boundary_lets_every_role_do_its_work(account: Account, deployed: dict[str, Any]) -> None:
    """What a role's policies allow, the boundary allows as well: each action on each resource."""
    (boundary,) = account.policies(BOUNDARY)
    iam = account.client("iam")
    kept_out, asked = [], 0
    pages = iam.get_paginator("list_roles").paginate()
    for role in [role["RoleName"] for page in pages for role in page["Roles"] if role["Path"] == "/"]:
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            for statement in document["Statement"]:
                for action in _list(statement["Action"]):
                    for resource in _list(statement["Resource"]):
                        asked += 1
                        allows = any(_covers(one, action, resource) for one in boundary["Statement"])
                        if statement["Effect"] == "Allow" and not allows:
                            kept_out.append((role, action, resource))
    assert kept_out == []
    assert asked > 100


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _covers(statement: Mapping[str, Any], action: str, resource: str) -> bool:
    patterns = [re.escape(pattern).replace(r"\*", ".*") for pattern in _list(statement["Resource"])]
    return action in _list(statement["Action"]) and any(re.fullmatch(pattern, resource) for pattern in patterns)


def test_the_state_and_its_lock_are_the_environments_own(
    account: Account, bootstrapped: Mapping[str, Any], variables: list[str], deployed: dict[str, Any]
) -> None:
    bucket = bootstrapped["state"]["bucket"]
    s3 = account.as_deploy_role("s3")
    s3.get_object(Bucket=bucket, Key="saga/dev/terraform.tfstate")
    for key in (
        "saga/prod/terraform.tfstate",
        "saga/prod/terraform.tfstate.tflock",
        "saga/bootstrap/terraform.tfstate",
    ):
        assert refused(s3.get_object, Bucket=bucket, Key=key)
        assert refused(s3.put_object, Bucket=bucket, Key=key, Body=b"{}")
    assert refused(s3.delete_object, Bucket=bucket, Key="saga/dev/terraform.tfstate")
    # Somebody else's apply is on.
    account.client("s3").put_object(Bucket=bucket, Key="saga/dev/terraform.tfstate.tflock", Body=b'{"ID":"other"}')
    done = account.tool.run(["plan", "-input=false", *variables], DEV, env=account.dev_env, check=False)
    assert done.returncode != 0
    assert "Error acquiring the state lock" in done.stderr
    account.client("s3").delete_object(Bucket=bucket, Key="saga/dev/terraform.tfstate.tflock")


def test_the_deploy_role_makes_no_role_that_is_not_bounded(account: Account, bootstrapped: Mapping[str, Any]) -> None:
    iam, other = account.as_deploy_role("iam"), "arn:aws:iam::aws:policy/AdministratorAccess"
    role = {"RoleName": "shop-dev-mine", "AssumeRolePolicyDocument": TRUST}
    assert refused(iam.create_role, **role)
    assert refused(iam.create_role, **role, PermissionsBoundary=other)
    assert refused(iam.create_role, **role | {"RoleName": "shop-prod-mine"}, PermissionsBoundary=BOUNDARY)
    iam.create_role(**role, PermissionsBoundary=BOUNDARY)
    policy = {"PolicyName": "all", "PolicyDocument": json.dumps(ADMINISTRATOR)}
    iam.put_role_policy(RoleName="shop-dev-mine", **policy)
    assert refused(iam.delete_role_permissions_boundary, RoleName="shop-dev-mine")
    assert refused(iam.put_role_permissions_boundary, RoleName="shop-dev-mine", PermissionsBoundary=other)
    account.client("iam").create_role(RoleName="shop-dev-unbounded", AssumeRolePolicyDocument=TRUST)
    assert refused(iam.put_role_policy, RoleName="shop-dev-unbounded", **policy)
    for name in ("shop-dev-mine", "shop-dev-unbounded"):
        for found in account.client("iam").list_role_policies(RoleName=name)["PolicyNames"]:
            account.client("iam").delete_role_policy(RoleName=name, PolicyName=found)
        account.client("iam").delete_role(RoleName=name)


def test_the_deploy_role_leaves_itself_and_others_alone(account: Account, bootstrapped: Mapping[str, Any]) -> None:
    iam, name, policy = account.as_deploy_role("iam"), "shop-dev-deploy", json.dumps(ADMINISTRATOR)
    assert refused(iam.put_role_policy, RoleName=name, PolicyName="all", PolicyDocument=policy)
    assert refused(iam.update_assume_role_policy, RoleName=name, PolicyDocument=TRUST)
    assert refused(iam.create_policy_version, PolicyArn=BOUNDARY, PolicyDocument=policy, SetAsDefault=True)
    assert refused(iam.delete_policy, PolicyArn=BOUNDARY)
    assert refused(iam.create_user, UserName="mine")
    assert refused(account.as_deploy_role("dynamodb").delete_table, TableName="shop-prod-order")
    assert refused(account.as_deploy_role("sqs").create_queue, QueueName="other")
    assert refused(account.as_deploy_role("s3").delete_bucket, Bucket=bootstrapped["state"]["bucket"])


def test_everything_is_taken_away_again(
    account: Account, bootstrapped: Mapping[str, Any], variables: list[str], deployed: dict[str, Any]
) -> None:
    account.tool.run([*DESTROY, *variables], DEV, env=account.dev_env)
    s3 = account.client("s3")
    bucket = bootstrapped["state"]["bucket"]
    versions = s3.list_object_versions(Bucket=bucket)
    for kind in ("Versions", "DeleteMarkers"):
        for item in versions.get(kind, []):
            s3.delete_object(Bucket=bucket, Key=item["Key"], VersionId=item["VersionId"])
    account.bootstrap(*DESTROY)
    left = account.tool.run(["show", "-json"], account.configuration, env=account.bootstrap_env).stdout
    assert "values" not in json.loads(left)
    assert [found["Name"] for found in s3.list_buckets()["Buckets"]] == [PACKAGES]
    assert [role["RoleName"] for role in account.client("iam").list_roles()["Roles"]] == []


# What was asked for, put to the simulator


@pytest.fixture(scope="module")
def asked(account: Account, policies: list[Document], deployed: dict[str, Any]) -> list[Request]:
    """What Terraform asked for as the deploy role, and what AWS would have asked for on its behalf."""
    found = {*deployment.noted(account.journal, "shop-dev-deploy", policies), *deployment.documented(deployed)}
    return sorted(found, key=str)


def test_everything_that_was_asked_for_is_allowed(policies: list[Document], asked: list[Request]) -> None:
    answers = decisions([deployment.question(ROLE, request, policies) for request in asked])
    kept_back = [request for request, answer in zip(asked, answers, strict=True) if answer != ALLOWED]
    assert [str(one) for one in kept_back if not one.resource.endswith(f":{DONE_WITHOUT.get(one.action)}")] == []
    print(
        f"\n{len(asked)} requests of an apply and a destroy, {len({one.action for one in asked})} actions, all allowed"
    )
    assert len(asked) > 1000


def test_the_same_of_another_environment_is_refused(policies: list[Document], asked: list[Request]) -> None:
    moved = sorted({deployment.in_another_environment(request) for request in asked}, key=str)
    answers = decisions([deployment.question(ROLE, request, policies) for request in moved])
    allowed = [request for request, answer in zip(moved, answers, strict=True) if answer == ALLOWED]
    known = set().union(*ALSO_ELSEWHERE.values())
    assert {request.action for request in allowed} - known == set()
    # The states and the functions, of which ALSO_ELSEWHERE has an action on something else, are this environment's.
    named = [one for one in allowed if one.action.startswith(("lambda:", "wafv2:"))]
    assert not [str(one) for one in named if "shop-prod-" in one.resource]
    assert not [str(one) for one in allowed if "saga/prod/" in f"{one.resource}{one.context}"]
    print(f"\n{len(moved)} requests for another environment, {len(moved) - len(allowed)} refused")


def test_what_must_not_be_is_refused(policies: list[Document]) -> None:
    stand_ins = {"ROLE": "arn:aws:iam::123456789012:role", "BOUNDARY": BOUNDARY, "STATE": STATE, "KEY": KEY}
    text = FORBIDDEN.read_text(encoding="utf-8")
    for word, arn in stand_ins.items():
        text = re.sub(rf'"{word}(?=["/])', f'"{arn}', text)
    forbidden = {
        f"{kind}: {what}": Request.of(one["action"], one["resource"], one.get("context"))
        for kind, wishes in tomllib.loads(text).items()
        for what, one in wishes.items()
    }
    answers = decisions([deployment.question(ROLE, request, policies) for request in forbidden.values()])
    assert [what for what, answer in zip(forbidden, answers, strict=True) if answer == ALLOWED] == []
    # With the like of it that it is allowed.
    allowed = Request.of("iam:CreateRole", f"{stand_ins['ROLE']}/shop-dev-mine", {"iam:PermissionsBoundary": BOUNDARY})
    assert decisions([deployment.question(ROLE, allowed, policies)]) == [ALLOWED]
    print(f"\n{len(forbidden)} things that it must not do, all refused")
