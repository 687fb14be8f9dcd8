"""The fixtures of services that talk to the outside."""

from tests.unit.support.fixtures import *  # noqa: F403
