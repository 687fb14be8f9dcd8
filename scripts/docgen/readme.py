"""The place in a README that is generated."""

from __future__ import annotations

from pathlib import Path

from docgen.module import ModuleError, read
from docgen.render import reference

BEGIN = "<!-- BEGIN_TF_DOCS -->"
END = "<!-- END_TF_DOCS -->"


def modules(root: Path) -> list[Path]:
    """Return the folders that are documented: every module, and the root module where its README has the place."""
    folders = sorted(path.parent for path in root.glob("modules/*/versions.tf"))
    own = root / "README.md"
    if own.is_file() and BEGIN in own.read_text(encoding="utf-8"):
        folders.append(root)
    return folders


def replaced(text: str, generated: str) -> str:
    """Return ``text`` with what stands between the markers replaced. Raises ``ValueError`` without one of each."""
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise ValueError(f"expected the lines {BEGIN} and {END}, once each and in this order")
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n{generated}{END}{rest.split(END)[1]}"


def current(folder: Path) -> tuple[str, str]:
    """Return the README in ``folder`` as it is and as it should be. Raises ``ModuleError`` when it has no place."""
    path = folder / "README.md"
    if not path.is_file():
        raise ModuleError(f"{path} is missing")
    text = path.read_text(encoding="utf-8")
    try:
        return text, replaced(text, reference(read(folder)))
    except ModuleError:
        raise
    except ValueError as error:
        raise ModuleError(f"{path}: {error}") from None
