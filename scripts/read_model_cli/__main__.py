"""The command `scripts/rebuild-read-model`."""

from environments.options import run
from read_model_cli.commands import main

run(main, "scripts/rebuild-read-model")
