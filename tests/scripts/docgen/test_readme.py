from __future__ import annotations

from pathlib import Path

import pytest

from docgen.__main__ import main
from docgen.readme import BEGIN, END, replaced

VARIABLE = 'variable "{name}" {{\n  description = "Either this | that."\n  type = string\n}}\n'


def project(root: Path, *names: str) -> Path:
    for name in names:
        folder = root / "modules" / name
        folder.mkdir(parents=True)
        (folder / "versions.tf").write_text("", encoding="utf-8")
        (folder / "variables.tf").write_text(VARIABLE.format(name="size"), encoding="utf-8")
        (folder / "README.md").write_text(f"# {name}\n\n{BEGIN}\nold\n{END}\n\nAfter\n", encoding="utf-8")
    return root


def test_only_what_is_between_the_markers_changes() -> None:
    assert replaced(f"a\n{BEGIN}\nold\n{END}\nz\n", "new\n") == f"a\n{BEGIN}\nnew\n{END}\nz\n"


@pytest.mark.parametrize("text", ["", BEGIN, END, f"{END}{BEGIN}", f"{BEGIN}{END}{BEGIN}{END}"])
def test_the_markers_are_needed_once_each(text: str) -> None:
    with pytest.raises(ValueError, match="once each"):
        replaced(text, "new")


def test_writing_makes_the_check_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = project(tmp_path, "box", "lid")
    assert main(["--check"], root) == 1
    assert "modules/box/README.md is out of date" in capsys.readouterr().err

    assert main([], root) == 0
    text = (root / "modules" / "box" / "README.md").read_text(encoding="utf-8")
    assert "| `size` | `string` | required | Either this \\| that. |" in text
    assert text.endswith(f"{END}\n\nAfter\n")

    assert main(["--check"], root) == 0
    assert main([], root) == 0


def test_a_changed_variable_makes_the_check_fail(tmp_path: Path) -> None:
    root = project(tmp_path, "box")
    main([], root)
    (root / "modules" / "box" / "variables.tf").write_text(VARIABLE.format(name="length"), encoding="utf-8")
    assert main(["--check"], root) == 1


def test_the_check_writes_nothing(tmp_path: Path) -> None:
    root = project(tmp_path, "box")
    before = (root / "modules" / "box" / "README.md").read_bytes()
    main(["--check"], root)
    assert (root / "modules" / "box" / "README.md").read_bytes() == before


def test_a_module_without_readme_or_markers_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = project(tmp_path, "box", "lid", "pin")
    (root / "modules" / "box" / "README.md").unlink()
    (root / "modules" / "lid" / "README.md").write_text("# Lid\n", encoding="utf-8")
    assert main([], root) == 1
    errors = capsys.readouterr().err
    assert "modules/box/README.md is missing" in errors
    assert "modules/lid/README.md: expected the lines" in errors
    assert main(["--check"], project(tmp_path / "rest", "pin")) == 1


def test_the_root_is_documented_where_its_readme_has_the_place(tmp_path: Path) -> None:
    root = project(tmp_path, "box")
    (root / "README.md").write_text("# All\n", encoding="utf-8")
    assert main([], root) == 0
    assert (root / "README.md").read_text(encoding="utf-8") == "# All\n"

    (root / "variables.tf").write_text(VARIABLE.format(name="height"), encoding="utf-8")
    (root / "README.md").write_text(f"# All\n{BEGIN}\n{END}\n", encoding="utf-8")
    assert main([], root) == 0
    assert "`height`" in (root / "README.md").read_text(encoding="utf-8")
