"""Trimmed AWS models describe the same calls as botocore's own."""

import functools
import json
from pathlib import Path
from typing import Any

import botocore
import botocore.loaders
import botocore.session
import pytest
from botocore.exceptions import UnknownServiceError

from toolchain import models

DATA = Path(botocore.__file__).parent / "data"
REGIONS = ("eu-west-1", "cn-north-1", "us-gov-west-1")


@pytest.fixture(scope="module")
def trimmed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    for name, content in models.trimmed(models.OPERATIONS, DATA).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


@functools.cache
def loader(data: Path | None) -> botocore.loaders.Loader:
    """One for all clients: it keeps what it has read."""
    if data is None:
        return botocore.loaders.Loader()
    return botocore.loaders.Loader(extra_search_paths=[str(data)], include_default_search_paths=False)


def client(service: str, region: str, data: Path | None = None) -> Any:
    session = botocore.session.Session()
    session.set_credentials("access", "secret")
    session.register_component("data_loader", loader(data))
    return session.create_client(service, region_name=region)


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("service", models.OPERATIONS)
def test_a_client_has_the_operations_and_the_endpoint(trimmed: Path, service: str, region: str) -> None:
    small, whole = client(service, region, trimmed), client(service, region)
    assert set(small.meta.service_model.operation_names) == set(models.OPERATIONS[service])
    assert small.meta.endpoint_url == whole.meta.endpoint_url
    assert small.meta.config.signature_version == whole.meta.config.signature_version


@pytest.mark.parametrize(
    ("service", "operation"), [(service, name) for service, names in models.OPERATIONS.items() for name in names]
)
def test_an_operation_is_described_as_in_the_whole_model(trimmed: Path, service: str, operation: str) -> None:
    def described(model: Any) -> dict[str, Any]:
        shapes = {}

        def walk(shape: Any) -> None:
            if shape.name not in shapes:
                members = getattr(shape, "members", {})
                inner = [*members.values(), *(getattr(shape, name, None) for name in ("member", "key", "value"))]
                inner = [item for item in inner if item is not None and not isinstance(item, str)]
                shapes[shape.name] = (shape.type_name, shape.serialization, shape.metadata, [i.name for i in inner])
                for item in inner:
                    walk(item)

        description = model.operation_model(operation)
        for shape in (description.input_shape, description.output_shape, *description.error_shapes):
            if shape is not None:
                walk(shape)
        return {"http": description.http, "auth": description.auth_type, "shapes": shapes}

    small, whole = client(service, "eu-west-1", trimmed), client(service, "eu-west-1")
    assert described(small.meta.service_model) == described(whole.meta.service_model)


def test_other_services_are_unknown(trimmed: Path) -> None:
    with pytest.raises(UnknownServiceError, match="ec2"):
        client("ec2", "eu-west-1", trimmed)


def test_a_member_called_documentation_stays() -> None:
    model = {"documentation": "text", "members": {"documentation": {"shape": "Url", "documentation": "text"}}}
    assert models._undocumented(model) == {"members": {"documentation": {"shape": "Url"}}}


def test_it_is_much_smaller(trimmed: Path) -> None:
    """Each file, beside botocore's own as it is read: most of a model is other operations, and text."""
    for path in trimmed.rglob("*.json"):
        whole = len(json.dumps(models._load(DATA / path.relative_to(trimmed).with_suffix(""))))
        at_most = {"service-2.json": whole / 20, "endpoints.json": whole / 10}.get(path.name, whole)
        assert path.stat().st_size <= at_most, path.name
    assert b"documentation" not in (trimmed / "dynamodb" / "2012-08-10" / "service-2.json").read_bytes()
