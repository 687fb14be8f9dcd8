"""Plans of the platform as `terraform show -json` tells them, made once for each state of the configuration.

They are kept under `.cache/plans`, by a digest of all that they are made from.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from toolchain import terraform
from toolchain.venv import CACHE, ROOT

if TYPE_CHECKING:
    from emulator.server import Emulator

PLANS = CACHE / "plans"

Plan = dict[str, Any]

HASH = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
"""In the place of a package's hash: a plan reads no package."""

SANDBOX_SECRET = "0123456789abcdef0123456789abcdef"
"""It opens nothing."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A managed resource of a plan: address, address of its module ("" for the root), type, values that are known."""

    address: str
    module: str
    kind: str
    values: Mapping[str, Any]


def resources(plan: Mapping[str, Any], kind: str | None = None) -> Iterator[Resource]:
    """The managed resources of a plan, of all types or of the type ``kind``."""

    def walk(module: Mapping[str, Any]) -> Iterator[Resource]:
        for item in module.get("resources", ()):
            if item["mode"] == "managed" and kind in {None, item["type"]}:
                yield Resource(item["address"], module.get("address", ""), item["type"], item.get("values", {}))
        for child in module.get("child_modules", ()):
            yield from walk(child)

    return walk(plan["planned_values"]["root_module"])


def packages() -> list[str]:
    """The names of the packages that the functions are deployed from."""
    return sorted(path.parent.name for path in (ROOT / "lambdas").glob("*/package.toml"))


def in_a_bucket() -> dict[str, Any]:
    """The root's variable ``packages`` for packages that nobody has built."""
    return {"s3": {"bucket": "packages", "prefix": "releases/1.0.0/", "sha256": dict.fromkeys(packages(), HASH)}}


def of_root(name: str, arguments: Mapping[str, object]) -> Plan:
    """Plan the root module without an AWS to ask.

    Args:
        name: what the plan is kept as.
        arguments: the root's variables; ``region`` is the provider's as well.

    Raises:
        TerraformError: Terraform is missing or cannot plan.
    """
    modules = {"platform": {"source": str(ROOT), **arguments}}
    return of_modules(name, modules, _platform_files(), region=str(arguments["region"]))


def of_modules(
    name: str,
    modules: Mapping[str, Mapping[str, object]],
    files: Sequence[Path],
    *,
    region: str = "eu-central-1",
    options: Sequence[str] = (),
) -> Plan:
    """Plan some modules side by side without an AWS to ask.

    Args:
        name: what the plan is kept as.
        modules: by name, the source and the arguments of each.
        files: everything that the modules are made of.
        region: the provider's.
        options: further ones of Terraform's plan.

    Raises:
        TerraformError: Terraform is missing or cannot plan.
    """
    provider = {
        "region": region,
        "access_key": "test",
        "secret_key": "test",
        "skip_credentials_validation": True,
        "skip_metadata_api_check": True,
        "skip_region_validation": True,
        "skip_requesting_account_id": True,
    }
    configuration = json.dumps(
        {
            "terraform": {"backend": {"local": {}}},
            "provider": {"aws": provider},
            "module": modules,
        },
        indent=2,
    )

    def make() -> Plan:
        folder = PLANS / name
        folder.mkdir(exist_ok=True)
        (folder / "main.tf.json").write_text(configuration, encoding="utf-8")
        tool = terraform.find()
        tool.init(folder)
        return tool.plan_json(folder, "-refresh=false", "-lock=false", *options)

    return _kept(name, configuration, files, make)


def of_platform(more: Mapping[str, object] | None = None) -> Plan:
    """Plan the root module with its defaults, the sandbox, the console, and providers beside it.

    Where the sandbox stands for the providers, only the apply finds out where they are.

    Args:
        more: values of further variables.
    """
    arguments = {
        "environment": "test",
        "account_id": "123456789012",
        "region": "eu-west-1",
        "mail": {"from": "orders@shop.example"},
        "packages": in_a_bucket(),
        "console": {"networks": ["192.0.2.0/24"]},
        "sandbox": True,
        "sandbox_secret": SANDBOX_SECRET,
        "payment_provider": {"url": "https://payments.example", "parameter_name": "/test/payments"},
        "carrier": {"url": "https://carrier.example", "parameter_name": "/test/carrier"},
        "jwt": {"issuer": "https://login.example", "audience": ["shop"], "claim": "customer"},
        "cache": {
            # Nobody listens there: whoever wants a cache says so.
            "server": {
                "host": "127.0.0.1",
                "port": 9,
                "tls": False,
                "user": "composer",
                "password": {"parameter_name": "/test/cache"},
            }
        },
    }
    return of_root("platform-more" if more else "platform", {**arguments, **(more or {})})


def of_platform_in_aws() -> Plan:
    """Plan the root module as `of_platform` does, with what the emulator has not."""
    return of_platform(guarded("123456789012", "eu-west-1"))


ACCOUNT_ID = "111122223333"
REGION: Final = "eu-central-1"

_STATE_BUCKET = "terraform-state"


def guarded(account_id: str, region: str) -> dict[str, Any]:
    """What AWS has and the emulator has not: the root's variables ``vpc`` and ``code_signing``."""
    profile = f"arn:aws:signer:{region}:{account_id}:/signing-profiles/releases/a1b2c3d4e5"
    return {
        "vpc": {
            "subnet_ids": ["subnet-0a1b2c3d", "subnet-1a2b3c4d"],
            "security_group_ids": ["sg-0a1b2c3d"],
        },
        "code_signing": {"profile_version_arns": [profile]},
    }


EDGE_KEY = "fedcba9876543210fedcba9876543210"
"""It opens nothing."""


def edged(account_id: str, region: str, **more: str) -> dict[str, Any]:
    """An environment's variables for customers who come by an edge; ``more`` is of the edge's own."""
    certificates = {
        place: f"arn:aws:acm:{place}:{account_id}:certificate/11111111-2222-3333-4444-555555555555"
        for place in (region, "us-east-1")
    }
    return {
        "jwt": {"issuer": "https://login.example.com/", "audience": ["shop"]},
        "domain": {"name": "api.example.com", "certificate_arn": certificates[region]},
        "edge": {
            "certificate_arn": certificates["us-east-1"],
            "countries": ["DE"],
            "access_logs": {"bucket": "access-logs.s3.amazonaws.com"},
            "alarm_topic_arn": f"arn:aws:sns:us-east-1:{account_id}:alarms",
            **more,
        },
        "edge_keys": [EDGE_KEY],
    }


_INSTALLATION: Mapping[str, object] = {
    "packages": in_a_bucket(),
    "mail": {"from": "orders@example.com"},
    **guarded(ACCOUNT_ID, REGION),
}
ENVIRONMENTS: Mapping[str, Mapping[str, object]] = {
    "local": {
        "packages_s3": in_a_bucket()["s3"],
        "execute_api_base": "http://127.0.0.1:4566/_aws/execute-api/%s/$default",
    },
    "dev": _INSTALLATION,
    "staging": _INSTALLATION,
    "prod": {
        **_INSTALLATION,
        "payment_provider": {"url": "https://psp.example.com/v1", "parameter_name": "/psp/secret"},
        "carrier": {
            "url": "https://carrier.example.com",
            "parameter_name": "carrier",
            "kms_key_arn": f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/00000000-0000-0000-0000-000000000001",
        },
        **edged(ACCOUNT_ID, REGION),
    },
}
"""Values of each environment's variables; what an installation of it has to say."""


def of_environment_in_aws(name: str) -> Plan:
    """Plan the environment ``name`` as for AWS: with what the emulator has not, also the local one."""
    return of_environment(name, guarded(ACCOUNT_ID, REGION))


def of_environment(name: str, more: Mapping[str, object] | None = None) -> Plan:
    """Plan the environment ``name`` with its own settings and backend, with the emulator in AWS's place.

    Args:
        name: of the environment.
        more: values of variables beside those of ``ENVIRONMENTS``.

    Raises:
        TerraformError: Terraform is missing or cannot plan.
        EmulatorError: the emulator does not start.
    """
    return _of_folder(name, ENVIRONMENTS[name], more)


BOOTSTRAP: Mapping[str, object] = {
    "repository": "example/shop",
    "environments": {
        name: {
            "mail_identities": ["orders@example.com"],
            "packages": {"bucket_arn": "arn:aws:s3:::releases", "prefix": "saga/"},
        }
        for name in ("dev", "staging", "prod")
    },
    "state": {
        "access_logs": {"bucket": "access-logs"},
        "replica_bucket_arn": "arn:aws:s3:::terraform-state-copies",
        "replica_kms_key_arn": f"arn:aws:kms:eu-west-3:{ACCOUNT_ID}:key/00000000-0000-0000-0000-000000000003",
    },
}
"""Values of the bootstrap's variables: what an account says that has where to put logs and copies."""


def of_bootstrap() -> Plan:
    """Plan what the environments stand on, as `of_environment` plans those."""
    return _of_folder("bootstrap", BOOTSTRAP, None)


def _of_folder(name: str, own: Mapping[str, object], more: Mapping[str, object] | None) -> Plan:
    folder = ROOT / "envs" / name
    variables = {**own, **(more or {})}
    label = f"env-{name}" if variables == own else f"env-{name}-more"

    def make() -> Plan:
        from emulator.server import Emulator  # most plans need no emulator

        tool = terraform.find()
        with Emulator.start(name=f"plan-{label}") as running:
            env = {**running.environment(ACCOUNT_ID, REGION), "TF_DATA_DIR": str(PLANS / label)}
            if name in {"bootstrap", "local"}:
                backend = {"path": f"{PLANS}/{label}.tfstate"}
            else:
                _make_bucket(running, env)
                backend = {"bucket": _STATE_BUCKET, "region": REGION, "use_path_style": "true"}
            options = [f"-backend-config={key}={value}" for key, value in backend.items()]
            tool.init(folder, "-reconfigure", *options, env=env)
            return tool.plan_json(folder, variables=variables, env=env)

    return _kept(label, json.dumps(variables), [*_platform_files(), *sorted(folder.glob("*.tf"))], make)


def _make_bucket(running: Emulator, env: Mapping[str, str]) -> None:
    import boto3
    import botocore.config

    s3 = boto3.client(
        "s3",
        endpoint_url=running.endpoint,
        region_name=REGION,
        aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
        config=botocore.config.Config(s3={"addressing_style": "path"}),
    )
    s3.create_bucket(Bucket=_STATE_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})


def _platform_files() -> list[Path]:
    return sorted([*ROOT.glob("*.tf"), *(ROOT / "modules").glob("*/*.tf")])


def _kept(name: str, configuration: str, files: Sequence[Path], make: Callable[[], Plan]) -> Plan:
    """What ``make`` returned for these inputs, now or before. Two processes that ask at once wait for each other."""
    digest = hashlib.sha256(configuration.encode())
    for path in files:
        digest.update(f"\0{path.relative_to(ROOT)}\0".encode())
        digest.update(path.read_bytes())
    kept = PLANS / f"{name}-{digest.hexdigest()[:16]}.json"
    if not kept.is_file():
        PLANS.mkdir(parents=True, exist_ok=True)
        with (PLANS / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not kept.is_file():
                document = json.dumps(make())
                for old in PLANS.glob(f"{name}-{'?' * 16}.json"):
                    old.unlink()
                partial = kept.with_suffix(".partial")
                partial.write_text(document, encoding="utf-8")
                partial.rename(kept)
    plan: Plan = json.loads(kept.read_text(encoding="utf-8"))
    return plan
