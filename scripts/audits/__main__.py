"""The command `scripts/audit`."""

from __future__ import annotations

import sys
from collections.abc import Callable

import click

from audits import dependencies, secrets, workflows
from audits.tools import AuditError


def _secrets() -> list[str]:
    found = secrets.scan(secrets.committed())
    return [str(finding) for finding in secrets.unknown(found, secrets.known())]


def _dependencies() -> list[str]:
    dependencies.check()
    return [str(found) for lock in dependencies.locks() for found in dependencies.audit(lock)]


def _workflows() -> list[str]:
    files = sorted(workflows.FOLDER.glob("*.yml"))
    pins = [f"{path.name}: {use}" for path in files for use in workflows.unpinned(path.read_text(encoding="utf-8"))]
    return workflows.audit() + pins


AUDITS: dict[str, Callable[[], list[str]]] = {
    "secrets": _secrets,
    "dependencies": _dependencies,
    "workflows": _workflows,
}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("names", nargs=-1, metavar="[AUDIT]...", type=click.Choice(list(AUDITS)))
def main(names: tuple[str, ...]) -> None:
    """Look for secrets, vulnerable dependencies and unsafe workflows; without a name, for all of them.

    Ends with 1 where something is found, with 2 where one could not be carried out, as when the advisory service does
    not answer.
    """
    status = 0
    for name in names or AUDITS:
        try:
            found = AUDITS[name]()
        except AuditError as error:
            click.echo(f"{name}: {error}", err=True)
            status = 2
            continue
        for line in found:
            click.echo(f"{name}: {line}")
        click.echo(f"{name}: {len(found)} found")
        status = max(status, 1 if found else 0)
    sys.exit(status)


if __name__ == "__main__":
    main(prog_name="audit")
