"""The plan of the root module that the simulator reads its routes from, made once for each state of the configuration."""

from __future__ import annotations

import fcntl
import hashlib
import json
from pathlib import Path
from typing import Any

from toolchain import terraform

from . import providers
from .world import ACCOUNT, REGION

ROOT = Path(__file__).resolve().parents[3]
CACHE = ROOT / ".cache" / "simulation"

_CONFIGURATION = """\
terraform {
  backend "local" {}
}

provider "aws" {
  region                      = "%(region)s"
  access_key                  = "simulation"
  secret_key                  = "simulation"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_requesting_account_id  = true
}

module "platform" {
  source = "%(root)s"

  environment      = "sim"
  account_id       = "%(account)s"
  region           = "%(region)s"
  mail             = { from = "orders@shop.example" }
  payment_provider = { url = "%(payments)s", parameter_name = "/sim/payments" }
  carrier          = { url = "%(carrier)s", parameter_name = "/sim/carrier" }

  packages = {
    s3 = {
      bucket = "packages"
      sha256 = {%(packages)s}
    }
  }
}
"""


def plan() -> dict[str, Any]:
    """Return the plan as ``terraform show -json`` prints it; from the cache when no ``.tf`` file has changed since.

    Raises ``toolchain.terraform.TerraformError`` when Terraform is missing or cannot plan.
    """
    configuration = _configuration()
    path = CACHE / f"plan-{_digest(configuration)}.json"
    if path.is_file():
        return _read(path)
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "plan.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if path.is_file():
            return _read(path)
        folder = CACHE / "root"
        folder.mkdir(exist_ok=True)
        (folder / "main.tf").write_text(configuration, encoding="utf-8")
        tool = terraform.find()
        tool.init(folder)
        document = tool.plan_json(folder, "-refresh=false", "-lock=false")
        for old in CACHE.glob("plan-*.json"):
            old.unlink()
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps({"planned_values": document["planned_values"]}), encoding="utf-8")
        partial.rename(path)
    return _read(path)


def _read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def _configuration() -> str:
    packages = sorted(path.parent.name for path in (ROOT / "lambdas").glob("*/package.toml"))
    digest = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    return _CONFIGURATION % {
        "root": ROOT,
        "account": ACCOUNT,
        "region": REGION,
        "payments": providers.PAYMENT_URL,
        "carrier": providers.CARRIER_URL,
        "packages": ", ".join(f'{name} = "{digest}"' for name in packages),
    }


def _digest(configuration: str) -> str:
    digest = hashlib.sha256(configuration.encode())
    files = [*ROOT.glob("*.tf"), *(ROOT / "modules").glob("*/*.tf")]
    for path in sorted(files):
        digest.update(f"{path.relative_to(ROOT)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
