"""What stock MiniStack does differently from AWS, put right one module a behaviour.

Each module's docstring says what the stock emulator does, what AWS does and which page of AWS's documentation says so;
`tests/emulator` holds a check for each that fails on the stock emulator. A correction replaces functions of MiniStack
in place, through `emulator.patching`, which refuses one that is missing or takes other parameters than expected.
"""

from importlib.metadata import PackageNotFoundError, version

from emulator.corrections import (
    alarms,
    async_invocation,
    bus_policies,
    condition_keys,
    deployments,
    distributions,
    error_types,
    execution_environments,
    http_apis,
    mail_authorization,
    point_in_time,
    replays,
    restarts,
    rule_targets,
    stream_mappings,
)
from emulator.patching import CorrectionError

WRITTEN_FOR = "1.5.33"
CORRECTIONS = (
    restarts,
    async_invocation,
    rule_targets,
    replays,
    stream_mappings,
    point_in_time,
    error_types,
    execution_environments,
    http_apis,
    alarms,
    bus_policies,
    condition_keys,
    deployments,
    distributions,
    mail_authorization,
)


def apply_all() -> None:
    """Put every correction in place.

    Raises:
        CorrectionError: another version of MiniStack is installed, or a function to replace isn't as expected.
    """
    try:
        installed = version("ministack")
    except PackageNotFoundError as error:
        raise CorrectionError("ministack is not installed in this environment") from error
    if installed != WRITTEN_FOR:
        raise CorrectionError(
            f"the corrections are written for ministack {WRITTEN_FOR}, and {installed} is installed: "
            "go through scripts/emulator/corrections and tests/emulator, then change WRITTEN_FOR"
        )
    for correction in CORRECTIONS:
        correction.apply()
