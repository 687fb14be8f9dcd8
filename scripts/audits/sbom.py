"""The command `scripts/sbom`: what the functions' packages carry, as a bill of materials in CycloneDX's format.

It is read off the packages themselves: a library is listed where modules of it are in a zip.
"""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from audits.tools import AuditError
from toolchain import build, dependencies, venv
from toolchain.build import Builder, BuildError
from toolchain.dependencies import DependencyError, Vendor
from toolchain.venv import REQUIREMENTS, ROOT

TARGET = ROOT / "dist" / "sbom.json"
_DOCUMENT = Path(__file__).with_name("document.py")
_LICENSE_FIELDS = ("License-Expression", "License")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def carried(package: Path, vendor: Vendor) -> list[str]:
    """The distributions that a zip has modules of, botocore's models among them."""
    with zipfile.ZipFile(package) as archive:
        tops = {name.partition("/")[0].removesuffix(".py") for name in archive.namelist()}
    found = {vendor.distributions[top] for top in tops if top in vendor.distributions}
    return sorted(found | {"botocore" for top in tops if top == "botocore_data"})


def libraries(names: set[str], vendor: Vendor, lock: Path = REQUIREMENTS / "lambda.txt") -> dict[str, dict[str, Any]]:
    """Version, licence and locked hashes of each distribution.

    Raises:
        AuditError: one is not among what the lock has brought.
    """
    installed = {
        _normalized(found.metadata["Name"]): found
        for found in importlib.metadata.distributions(path=[str(vendor.folder)])
    }
    if "botocore" in names:
        installed.setdefault("botocore", importlib.metadata.distribution("botocore"))
    missing = sorted(names - installed.keys())
    if missing:
        raise AuditError(f"{missing[0]} is in a package, but nothing says which version")
    described = {name: (installed[name].version, installed[name].metadata) for name in sorted(names)}
    return {
        name: {
            "version": version,
            "license": next((metadata[key] for key in _LICENSE_FIELDS if metadata[key]), None),
            "sha256": _hashes(lock, name),
        }
        for name, (version, metadata) in described.items()
    }


def _hashes(lock: Path, name: str) -> list[str]:
    entry = re.search(rf"^{re.escape(name)}==.*?(?=^\S|\Z)", lock.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return sorted(_HASH.findall(entry.group())) if entry else []


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def describe(version: str, packages: Mapping[str, build.Built], vendor: Vendor) -> dict[str, Any]:
    """Everything that the document says, for `document.py` to put into the format."""
    carries = {name: carried(built.path, vendor) for name, built in packages.items()}
    return {
        "version": version,
        "packages": {
            name: {"sha256_base64": built.sha256_base64, "carries": carries[name]} for name, built in packages.items()
        },
        "libraries": libraries({library for found in carries.values() for library in found}, vendor),
    }


def write(content: Mapping[str, Any], target: Path = TARGET) -> None:
    """Write the document, which has been validated against CycloneDX's schema. Raises `AuditError`."""
    command = [str(venv.ensure("audit")), "-I", str(_DOCUMENT)]
    done = subprocess.run(command, input=json.dumps(content), capture_output=True, text=True, check=False)
    if done.returncode:
        raise AuditError(f"the bill of materials could not be made:\n{done.stderr[-2000:]}")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(done.stdout, encoding="utf-8")


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.option("--version", default="0.0.0", help="The version of the project that the packages are of.")
@click.option("--output", type=click.Path(path_type=Path), default=TARGET, help="Where the document goes.")
@click.option(
    "--python", type=click.Choice(build.PYTHONS), help="Version that the packages are for.  [default: this one]"
)
def main(version: str, output: Path, python: str | None) -> None:
    """Write what the functions' packages carry, as CycloneDX; builds them where they are not there yet."""
    try:
        builder = Builder(build.interpreter(python))
        packages = builder.build()
        vendor = dependencies.vendor(builder.lock, builder.python.minor, builder.dependencies_folder())
        content = describe(version, packages, vendor)
        write(content, output)
    except (AuditError, BuildError, DependencyError) as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(1)
    click.echo(f"{output}: {len(content['packages'])} packages, {len(content['libraries'])} libraries")


if __name__ == "__main__":
    main(prog_name="sbom")
