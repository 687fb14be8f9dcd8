"""The bill of materials tells what the packages carry, and is valid."""

from __future__ import annotations

import base64
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from audits import sbom
from audits.tools import AuditError
from toolchain import build, dependencies
from toolchain.build import Built
from toolchain.dependencies import Vendor
from toolchain.venv import REQUIREMENTS


@pytest.fixture(scope="module")
def packages() -> dict[str, Built]:
    return build.build()


@pytest.fixture(scope="module")
def vendor(packages: dict[str, Built]) -> Vendor:
    builder = build.Builder(build.interpreter())
    return dependencies.vendor(builder.lock, builder.python.minor, builder.dependencies_folder())


@pytest.fixture(scope="module")
def document(packages: dict[str, Built], vendor: Vendor, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = tmp_path_factory.mktemp("sbom") / "sbom.json"
    # Strictly validated against CycloneDX's schema before it is written.
    sbom.write(sbom.describe("1.4.0", packages, vendor), path)
    read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return read


def test_every_package_is_listed_with_its_hash(document: dict[str, Any], packages: dict[str, Built]) -> None:
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    assert document["metadata"]["component"]["version"] == "1.4.0"
    listed = {item["name"]: item["hashes"][0]["content"] for item in document["components"] if item["type"] == "file"}
    assert listed == {
        f"{name}.zip": base64.b64decode(package.sha256_base64).hex() for name, package in packages.items()
    }


def test_every_library_is_listed_as_it_is_locked(document: dict[str, Any]) -> None:
    lock = (REQUIREMENTS / "lambda.txt").read_text(encoding="utf-8")
    libraries = {item["name"]: item for item in document["components"] if item["type"] == "library"}
    assert {"aws-lambda-powertools", "fastjsonschema"} <= libraries.keys()
    for name, library in libraries.items():
        assert library["purl"] == f"pkg:pypi/{name}@{library['version']}"
        if name != "botocore":  # its models alone, from the version that the build runs with
            assert re.search(rf"^{re.escape(name)}=={re.escape(library['version'])} ", lock, re.MULTILINE)
            assert library["hashes"]
            assert library["licenses"]


def test_what_a_package_depends_on_is_what_is_in_it(document: dict[str, Any], packages: dict[str, Built]) -> None:
    graph = {item["ref"]: item.get("dependsOn", []) for item in document["dependencies"]}
    assert len(graph["terraform-aws-saga"]) == len(packages)
    for name, package in packages.items():
        listed = {re.sub(r"pkg:pypi/(.*)@.*", r"\1", ref) for ref in graph[f"terraform-aws-saga/{name}.zip"]}
        with zipfile.ZipFile(package.path) as archive:
            folders = {entry.partition("/")[0] for entry in archive.namelist()}
        assert ("aws-lambda-powertools" in listed) is ("aws_lambda_powertools" in folders)
        assert ("fastjsonschema" in listed) is ("fastjsonschema" in folders)
        assert ("botocore" in listed) is ("botocore_data" in folders)


def test_a_library_that_nobody_has_locked_is_refused(vendor: Vendor) -> None:
    with pytest.raises(AuditError, match="stowaway is in a package"):
        sbom.libraries({"stowaway"}, vendor)


def test_a_document_that_is_not_valid_is_not_written(tmp_path: Path) -> None:
    content = {
        "version": "1.4.0",
        "packages": {"order": {"sha256_base64": "AAAA", "carries": []}},
        "libraries": {},
    }
    with pytest.raises(AuditError):
        sbom.write(content, tmp_path / "sbom.json")
    assert not (tmp_path / "sbom.json").exists()
