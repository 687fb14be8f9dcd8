"""Every correction is seen to work, and seen to be needed: one that stock MiniStack makes superfluous fails here."""

from collections.abc import Callable

import httpx
import pytest
from botocore.exceptions import ClientError

from .checks import CHECKS

Outcomes = Callable[[bool], dict[str, BaseException | None]]


@pytest.mark.parametrize("check", CHECKS)
def test_corrected_emulator_does_as_aws_does(check: str, outcomes: Outcomes) -> None:
    error = outcomes(True)[check]
    if error:
        raise error


@pytest.mark.parametrize("check", CHECKS)
def test_stock_emulator_does_not(check: str, outcomes: Outcomes) -> None:
    error = outcomes(False)[check]
    assert error is not None, "stock MiniStack does as AWS does: take the correction out"
    # Anything else is a check that is broken.
    assert isinstance(error, (AssertionError, ClientError, httpx.TransportError)), error
