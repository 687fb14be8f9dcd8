"""Puts a bill of materials into CycloneDX's format, and validates it against its schema.

Runs on the Python of the audits' environment: takes what `audits.sbom` knows on standard input, gives the document.
"""

import base64
import json
import sys
from typing import Any

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.contact import OrganizationalEntity
from cyclonedx.model.license import DisjunctiveLicense
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

NAME = "terraform-aws-saga"


def document(content: dict[str, Any]) -> str:
    """Return the bill of materials as JSON. Raises `ValueError` when it is not valid against the schema."""
    bom = Bom()
    root = Component(name=NAME, version=content["version"], type=ComponentType.APPLICATION, bom_ref=NAME)
    bom.metadata.component = root
    bom.metadata.supplier = OrganizationalEntity(name=NAME)
    libraries = {name: _library(name, library) for name, library in content["libraries"].items()}
    packages = {name: _package(name, content["version"], package) for name, package in content["packages"].items()}
    for component in [*libraries.values(), *packages.values()]:
        bom.components.add(component)
    bom.register_dependency(root, packages.values())
    for name, package in packages.items():
        bom.register_dependency(package, [libraries[library] for library in content["packages"][name]["carries"]])
    text: str = JsonV1Dot6(bom).output_as_string(indent=2)
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if error:
        raise ValueError(str(error))
    return text


def _library(name: str, library: dict[str, Any]) -> Component:
    url = PackageURL("pypi", None, name, library["version"])
    licence = library["license"]
    return Component(
        name=name,
        version=library["version"],
        type=ComponentType.LIBRARY,
        bom_ref=str(url),
        purl=url,
        # A short one is an identifier or a name; some distributions have the whole text there.
        licenses=[DisjunctiveLicense(name=licence)] if licence and len(licence) < 100 else [],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest) for digest in library["sha256"]],
    )


def _package(name: str, version: str, package: dict[str, Any]) -> Component:
    digest = base64.b64decode(package["sha256_base64"]).hex()
    return Component(
        name=f"{name}.zip",
        version=version,
        type=ComponentType.FILE,
        bom_ref=f"{NAME}/{name}.zip",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)],
    )


if __name__ == "__main__":
    sys.stdout.write(document(json.load(sys.stdin)))
