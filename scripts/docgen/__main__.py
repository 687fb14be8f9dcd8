"""Command line of scripts/docs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from docgen.module import ModuleError
from docgen.readme import current, modules

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Bring the READMEs up to date, or with ``--check`` say which are not. Returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="scripts/docs", description="Generate the reference part of every module's README."
    )
    parser.add_argument("--check", action="store_true", help="change nothing, and fail when a README is out of date")
    options = parser.parse_args(arguments)
    failed = False
    for folder in modules(root):
        path = folder / "README.md"
        try:
            found, wanted = current(folder)
        except ModuleError as error:
            print(f"error: {error}", file=sys.stderr)
            failed = True
            continue
        if found == wanted:
            continue
        name = path.relative_to(root)
        if options.check:
            print(f"{name} is out of date: run scripts/docs", file=sys.stderr)
            failed = True
        else:
            path.write_text(wanted, encoding="utf-8")
            print(f"{name} written")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
