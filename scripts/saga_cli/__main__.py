"""The command `scripts/saga`."""

from environments.options import run
from saga_cli.commands import main

run(main, "scripts/saga")
