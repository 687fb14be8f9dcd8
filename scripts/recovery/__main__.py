"""The command `scripts/recover`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "lambdas"))

from environments.options import run
from recovery.commands import main

run(main, "scripts/recover")
