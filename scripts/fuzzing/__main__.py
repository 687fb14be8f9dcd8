"""Run the fuzzer in ``tests/fuzz`` from the command line."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "lambdas")]

from tests.fuzz.harness.cli import main  # noqa: E402 - the path comes first

sys.exit(main())
