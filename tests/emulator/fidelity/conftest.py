from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from emulator.server import Emulator

from .checks import CHECKS, NEED_IAM
from .world import World

# The time that AWS waits for a minute. Long enough to see that something waits, short enough not to wait for it.
RETRY_BASE_SECONDS = 0.05
Outcomes = dict[str, BaseException | None]


@pytest.fixture(scope="session")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bool], Outcomes]:
    """What every check came to, on the corrected or on the stock emulator."""
    found: dict[bool, Outcomes] = {}

    def run(corrected: bool) -> Outcomes:
        if corrected not in found:
            found[corrected] = run_checks(corrected, tmp_path_factory.mktemp("notes"))
        return found[corrected]

    return run


def run_checks(corrected: bool, folder: Path) -> Outcomes:
    kind = "corrected" if corrected else "stock"
    with ExitStack() as stack:
        emulators = {
            auth: stack.enter_context(
                Emulator.start(
                    name=f"tests-{kind}{'-auth' if auth else ''}",
                    corrected=corrected,
                    auth=auth,
                    retry_base_seconds=RETRY_BASE_SECONDS,
                )
            )
            for auth in (False, True)
        }

        def outcome(numbered: tuple[int, str]) -> BaseException | None:
            number, name = numbered
            # On the stock emulator most checks wait for what doesn't come.
            world = World(emulators[name in NEED_IAM], f"{number:012}", folder, patience=120 if corrected else 3)
            try:
                CHECKS[name](world)
            except Exception as error:  # noqa: BLE001, raised again by the test
                return error
            return None

        with ThreadPoolExecutor(4 if corrected else 12) as pool:
            return dict(zip(CHECKS, pool.map(outcome, enumerate(CHECKS, start=111122223333)), strict=True))
