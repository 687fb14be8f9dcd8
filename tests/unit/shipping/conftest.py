"""The fixtures of services that talk to the outside."""

from tests.unit.support.fixtures import *  # noqa: F403 - pytest finds fixtures by their names here
