"""No version in a lock file is known to be vulnerable, and one would be found."""

from __future__ import annotations

import http.server
import json
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from audits import __main__ as command
from audits import dependencies
from audits.dependencies import NoServiceError, Vulnerable
from audits.tools import AuditError
from toolchain.venv import REQUIREMENTS

DIGEST = "0" * 64


class Advisories(http.server.BaseHTTPRequestHandler):
    """Answers as Open Source Vulnerabilities does, with one advisory: example-package below 1.2.3."""

    def do_POST(self) -> None:
        query = json.loads(self.rfile.read(int(self.headers["content-length"])))
        advisory = {
            "id": "PYSEC-2026-1",
            "aliases": ["CVE-2026-0001"],
            "summary": "Reads files that it should not.",
            "details": "Reads files that it should not.",
            "affected": [
                {
                    "package": {"ecosystem": "PyPI", "name": "example-package"},
                    "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.2.3"}]}],
                }
            ],
        }
        vulnerable = query["package"]["name"] == "example-package" and query["version"] == "1.0.0"
        body = json.dumps({"vulns": [advisory]} if vulnerable else {}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Advisories) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
        server.shutdown()
        thread.join()


def a_lock(folder: Path, *requirements: str) -> Path:
    path = folder / "lambda.txt"
    path.write_text("".join(f"{line} \\\n    --hash=sha256:{DIGEST}\n" for line in requirements), encoding="utf-8")
    return path


def nobody() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/v1/query"


@pytest.mark.parametrize("lock", dependencies.locks(), ids=lambda path: path.name)
def test_no_locked_version_is_known_to_be_vulnerable(lock: Path) -> None:
    try:
        dependencies.check()
    except NoServiceError as error:
        # Without a service there is nothing to hold the lock against: no fault of the lock, and no pass either.
        pytest.skip(str(error))
    assert [str(found) for found in dependencies.audit(lock)] == []


@pytest.mark.parametrize("lock", dependencies.locks(), ids=lambda path: path.name)
def test_every_lock_can_be_audited(lock: Path, service: str) -> None:
    """Every requirement has a version and a hash, or the audit says so."""
    assert dependencies.audit(lock, service) == []


def test_a_vulnerable_version_is_found(tmp_path: Path, service: str) -> None:
    lock = a_lock(tmp_path, "example-package==1.0.0", "another==2.0.0")
    found = dependencies.audit(lock, service)
    assert found == [Vulnerable("lambda.txt", "example-package", "1.0.0", "PYSEC-2026-1", ("1.2.3",))]
    assert str(found[0]) == "lambda.txt: example-package 1.0.0: PYSEC-2026-1, fixed in 1.2.3"


def test_a_version_with_the_fix_is_not(tmp_path: Path, service: str) -> None:
    assert dependencies.audit(a_lock(tmp_path, "example-package==1.2.3"), service) == []


@pytest.mark.parametrize("requirement", ["example-package==1.2.3", "example-package"])
def test_a_requirement_without_a_hash_or_a_version_is_refused(requirement: str, tmp_path: Path, service: str) -> None:
    lock = tmp_path / "lambda.txt"
    lock.write_text(f"{requirement}\n", encoding="utf-8")
    with pytest.raises(AuditError):
        dependencies.audit(lock, service)


def test_a_service_that_does_not_answer_is_told(tmp_path: Path) -> None:
    address = nobody()
    with pytest.raises(NoServiceError, match=re.escape(f"the advisory service {address} does not answer")):
        dependencies.check(address)
    with pytest.raises(AuditError):
        dependencies.audit(a_lock(tmp_path, "example-package==1.2.3"), address)


def test_the_command_fails_for_a_vulnerable_version(
    tmp_path: Path, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = a_lock(tmp_path, "example-package==1.0.0")
    check, audit = dependencies.check, dependencies.audit
    monkeypatch.setattr(dependencies, "locks", lambda: [lock])
    monkeypatch.setattr(dependencies, "check", lambda: check(service))
    monkeypatch.setattr(dependencies, "audit", lambda path: audit(path, service))
    done = CliRunner().invoke(command.main, ["dependencies"])
    assert done.exit_code == 1
    assert "dependencies: lambda.txt: example-package 1.0.0: PYSEC-2026-1" in done.output


def test_the_command_tells_an_audit_that_could_not_be_made_from_a_clean_one(monkeypatch: pytest.MonkeyPatch) -> None:
    check, address = dependencies.check, nobody()
    monkeypatch.setattr(dependencies, "check", lambda: check(address))
    done = CliRunner().invoke(command.main, ["dependencies"])
    assert done.exit_code == 2
    assert "does not answer" in done.output


def test_there_is_a_lock_for_every_list_of_requirements() -> None:
    assert {path.stem for path in REQUIREMENTS.glob("*.in")} == {path.stem for path in dependencies.locks()}
