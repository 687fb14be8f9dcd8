"""Whatever silences a check in a line of code has its reason beside it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
FOLDERS = ("envs", "lambdas", "modules", "policies", "scripts", "tests")
MARK = re.compile(
    r"type: ignore(?:\[[\w, -]+\])?"
    r"|noqa(?:: ?[A-Z]+\d+(?:, ?[A-Z]+\d+)*)?"
    r"|fmt: (?:off|skip)"
    r"|pragma: no cover"
    r"|shellcheck disable=[\w,]+"
    r"|checkov:skip=\w+"
)
COMMENT = re.compile(r"# ?(?:" + MARK.pattern + r").*")


def unexplained(text: str) -> Iterator[str]:
    """Yield the comments in ``text`` that silence a check and say no word about why."""
    for found in COMMENT.finditer(text):
        if not re.search(r"[A-Za-z]{3}", MARK.sub("", found[0])):
            yield found[0]


def test_every_suppression_has_its_reason_beside_it() -> None:
    files = [
        path
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix in (".py", ".tf", ".hcl", ".sh", "") and ".terraform" not in path.parts
    ]
    assert len(files) > 500
    found = {
        str(path.relative_to(ROOT)): comments
        for path in files
        if path != Path(__file__) and (comments := list(unexplained(path.read_text(encoding="utf-8"))))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("comment", "explained"),
    [
        ("# type: ignore[arg-type]", False),
        ("# type: ignore[arg-type]  # no pool", True),
        ("# type: ignore[assignment]  # noqa: B003", False),
        ("# type: ignore[assignment]  # noqa: B003 - read by settings", True),
        ("# noqa: C901, PLR0912", False),
        ("# noqa: C901, PLR0912 - a fault a line", True),
        ("# fmt: skip", False),
        ("#checkov:skip=CKV_AWS_27", False),
        ("#checkov:skip=CKV_AWS_27:there is nothing to encrypt", True),
        ("# shellcheck disable=SC2086", False),
    ],
)
def test_a_reason_is_told_from_none(comment: str, explained: bool) -> None:
    assert list(unexplained(f"x = 1  {comment}\n")) == ([] if explained else [comment])
