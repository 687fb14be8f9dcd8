"""An account on an emulator that enforces IAM, in which an administrator bootstraps and an operator deploys."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from emulator.server import Emulator
from local_platform.deployment import PARALLELISM
from toolchain.terraform import Terraform
from toolchain.venv import ROOT

ACCOUNT_ID = "123456789012"
REGION = "eu-west-1"
DEV = ROOT / "envs" / "dev"
OPERATOR = f"arn:aws:iam::{ACCOUNT_ID}:user/operator"
ROLE = f"arn:aws:iam::{ACCOUNT_ID}:role/deploy/shop-dev-deploy"
BOUNDARY = f"arn:aws:iam::{ACCOUNT_ID}:policy/deploy/shop-dev-boundary"
PACKAGES = "packages"
ACCESS_LOGS = "access-logs"
WEB_ACL = f"arn:aws:wafv2:us-east-1:{ACCOUNT_ID}:global/webacl/everybodys/11111111-2222-3333-4444-555555555555"
APPLY = ("apply", "-auto-approve", "-input=false", "-no-color", f"-parallelism={PARALLELISM}")
DESTROY = ("destroy", "-auto-approve", "-input=false", "-no-color", f"-parallelism={PARALLELISM}")


@dataclass(frozen=True, slots=True)
class Account:
    """An account, and an operator in it who may assume the deploy role and nothing else.

    Attributes:
        emulator: where it is.
        tool: Terraform.
        folder: where everything about it is kept.
        operator: the operator's keys, as environment variables.
    """

    emulator: Emulator
    tool: Terraform
    folder: Path
    operator: Mapping[str, str]

    @classmethod
    def on(cls, emulator: Emulator, tool: Terraform, folder: Path) -> Account:
        """The account on an emulator, with the operator in it, and a copy of what the bootstrap is made of."""
        account = cls(emulator, tool, folder, {})
        iam = account.client("iam")
        iam.create_user(UserName="operator")
        statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": ROLE}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName="operator", PolicyName="assume", PolicyDocument=document)
        key = iam.create_access_key(UserName="operator")["AccessKey"]
        for path in ("modules", "envs/bootstrap"):
            shutil.copytree(ROOT / path, folder / "copy" / path)
        keys = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
        return cls(emulator, tool, folder, keys)

    @property
    def journal(self) -> Path:
        """The emulator's journal."""
        return self.folder / "journal.jsonl"

    @property
    def root(self) -> dict[str, str]:
        """The environment of an administrator."""
        return self.emulator.environment(ACCOUNT_ID, REGION)

    def client(self, service: str, keys: Mapping[str, str] | None = None) -> Any:
        """A client with the administrator's keys, or these."""
        keys = keys or self.root
        make: Any = boto3.client
        return make(
            service,
            endpoint_url=self.emulator.endpoint,
            region_name=REGION,
            aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=keys.get("AWS_SESSION_TOKEN"),
        )

    def as_deploy_role(self, service: str) -> Any:
        """A client of the deploy role, assumed by the operator."""
        given = self.client("sts", self.operator).assume_role(RoleArn=ROLE, RoleSessionName="test")["Credentials"]
        keys = {
            "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given["SessionToken"],
        }
        return self.client(service, keys)

    # The bootstrap

    @property
    def configuration(self) -> Path:
        """A copy of `envs/bootstrap`, in which its backend can be replaced."""
        return self.folder / "copy" / "envs" / "bootstrap"

    def bootstrap(self, *arguments: str) -> str:
        """Run Terraform in `envs/bootstrap` as the administrator."""
        dev = {
            "principal_arns": [OPERATOR],
            "mail_identities": ["orders@example.com"],
            "packages": {"bucket_arn": f"arn:aws:s3:::{PACKAGES}"},
            "edge": {"access_logs_bucket_arn": f"arn:aws:s3:::{ACCESS_LOGS}", "web_acl_arn": WEB_ACL},
        }
        variables = ["-var=repository=example/shop", f"-var=environments={json.dumps({'dev': dev})}"]
        return self.tool.run([*arguments, *variables], self.configuration, env=self.bootstrap_env).stdout

    @property
    def bootstrap_env(self) -> dict[str, str]:
        """The environment of Terraform in `envs/bootstrap`."""
        return {**self.root, "TF_DATA_DIR": str(self.folder / "bootstrap")}

    # The environment

    @property
    def dev_env(self) -> dict[str, str]:
        """The environment of Terraform in `envs/dev`: with nothing but the operator's keys."""
        return {**self.root, **self.operator, "TF_DATA_DIR": str(self.folder / "dev")}

    def policies(self, arn: str) -> list[dict[str, Any]]:
        """The documents of the policies that a role has attached, or the document of a policy."""
        iam = self.client("iam")
        if ":policy/" in arn:
            version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            return [iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]]
        attached = iam.list_attached_role_policies(RoleName=arn.rpartition("/")[2])["AttachedPolicies"]
        return [document for policy in attached for document in self.policies(policy["PolicyArn"])]


def refused(call: Callable[..., Any], **arguments: Any) -> bool:
    """Whether a call is refused because its caller has not the permission. Raises ``ClientError`` for other errors."""
    try:
        call(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"AccessDenied", "AccessDeniedException"}:
            raise
        return True
    return False
