"""The participant in docs/participant.md is a whole one: it is taken out of the page and run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from saga_kit import envelope, schema, settings

PAGE = Path(__file__).resolve().parents[3] / "docs" / "participant.md"
SAGA = "0f3e7b0a-3a52-5c1e-9d59-4c55c2f2b6a1"


@pytest.fixture
def parcels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The page's participant, as a module, with schemas for its events."""
    folder = tmp_path / "schemas"
    folder.mkdir()
    for name in ("ParcelOrdered", "ParcelPacked", "ParcelRefused", "ParcelUnpacked", "StampReturned"):
        document = {"properties": {"meta": {"$ref": "schema:Meta.v1"}}}
        (folder / f"{name}.v1.json").write_text(json.dumps(document))
    monkeypatch.setattr(schema, "_folders", lambda: (Path(schema.__file__).parent / "schemas", folder))
    schema.load.cache_clear()
    schema._validator.cache_clear()
    (source,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    module = ModuleType("parcels")
    exec(compile(source, str(PAGE), "exec"), module.__dict__)  # noqa: S102  # our own page
    yield module
    schema.load.cache_clear()
    schema._validator.cache_clear()


def message(detail_type: str, weight: int) -> dict[str, Any]:
    event = envelope.first(
        detail_type,
        {"weight": weight},
        saga_id=SAGA,
        step="test",
        producer="test",
        deadline_at="2026-01-31T09:40:00.000Z",
    )
    return {"detail-type": detail_type, "source": "test", "detail": event.detail()}


def row(table: Any) -> tuple[str, str]:
    item = table.get_item(TableName=settings.table(), Key={"pk": {"S": f"step#{SAGA}"}})["Item"]
    return item["state"]["S"], json.loads(item["outbox"]["S"])["detail_type"]


def test_packs_once_and_unpacks_when_the_next_step_is_reversed(parcels: ModuleType, table: Any) -> None:
    assert parcels.pack(message("ParcelOrdered", 5), None)["effect"] == "done"
    assert parcels.pack(message("ParcelOrdered", 5), None)["effect"] == "nothing"
    assert row(table) == ("SUCCEEDED", "ParcelPacked")
    assert parcels.unpack(message("StampReturned", 5), None)["effect"] == "compensated"
    assert row(table) == ("REVERSED", "ParcelUnpacked")


def test_refuses_what_is_too_heavy_and_passes_the_reversal_on(parcels: ModuleType, table: Any) -> None:
    assert parcels.pack(message("ParcelOrdered", 30_001), None)["effect"] == "refused"
    assert parcels.unpack(message("ParcelRefused", 30_001), None)["effect"] == "passed_on"
    assert row(table) == ("REVERSED", "ParcelUnpacked")
