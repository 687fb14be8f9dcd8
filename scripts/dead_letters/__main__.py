"""The command `scripts/redrive`."""

from dead_letters.commands import main
from environments.options import run

run(main, "scripts/redrive")
