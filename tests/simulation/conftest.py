"""Puts the repository's root on the import path: the harness is imported as ``tests.simulation.harness``."""

import sys
from pathlib import Path

ROOT = str(Path(__file__).resolve().parents[2])
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)
