"""Nothing that is committed is a secret, and one would be found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from audits import secrets
from audits.secrets import Finding, Known

# In halves, so that this file has none of them.
LEAKS = {
    "AWS Access Key": 'key = "AKIA' + 'Z7Q2M4X9PLKD3WNT"',
    "GitHub Token": 'token = "ghp_' + 'x7Kq2Lm9Rt4Vw8Yz1Bn5Cd3Fg6Hj0Ps2Qe4U"',
    "Private Key": "-----BEGIN RSA " + "PRIVATE KEY-----",
}


@pytest.fixture(scope="module")
def found() -> list[Finding]:
    paths = secrets.committed()
    assert len(paths) > 300
    return secrets.scan(paths)


def test_nothing_that_is_committed_is_a_secret(found: list[Finding]) -> None:
    assert [str(finding) for finding in secrets.unknown(found, secrets.known())] == []


def test_every_exception_is_of_use(found: list[Finding]) -> None:
    assert [entry.path.pattern for entry in secrets.known() if not any(map(entry.covers, found))] == []


@pytest.mark.parametrize("folder", ["scripts", "tests/unit", "modules/api/tests", "envs/dev"])
def test_a_secret_is_found_wherever_it_is(folder: str, tmp_path: Path) -> None:
    (tmp_path / folder).mkdir(parents=True)
    paths = []
    for number, leak in enumerate(LEAKS.values()):
        path = Path(folder) / f"leak{number}.txt"
        (tmp_path / path).write_text(f"# as it is\n{leak}\n", encoding="utf-8")
        paths.append(str(path))
    found = secrets.unknown(secrets.scan(paths, tmp_path), secrets.known())
    assert {(finding.path, finding.number, finding.kind) for finding in found} >= {
        (path, 2, kind) for path, kind in zip(paths, LEAKS, strict=True)
    }


def test_an_exception_covers_what_it_says_and_no_more() -> None:
    entry = Known(frozenset({"Secret Keyword"}), re.compile(r"tests/.*"), re.compile("canary"))
    assert entry.covers(Finding("tests/a.py", 1, "Secret Keyword", 'secret = "canary"'))
    assert not entry.covers(Finding("tests/a.py", 1, "AWS Access Key", 'secret = "canary"'))
    assert not entry.covers(Finding("scripts/tests/a.py", 1, "Secret Keyword", 'secret = "canary"'))
    assert not entry.covers(Finding("tests/a.py", 1, "Secret Keyword", 'secret = "other"'))


def test_an_exception_needs_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "known.toml"
    path.write_text('[[known]]\nkinds = ["Secret Keyword"]\npath = ".*"\nreason = " "\n', encoding="utf-8")
    with pytest.raises(ValueError, match="entry 1: expected a reason"):
        secrets.known(path)


def test_no_exception_is_for_keys_and_tokens() -> None:
    kinds = {kind for entry in secrets.known() for kind in entry.kinds}
    assert not kinds & {"AWS Access Key", "GitHub Token", "Private Key", "JSON Web Token", "Slack Token"}
