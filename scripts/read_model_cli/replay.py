"""Replays the bus's archive to the rules of one generation."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from environments.target import Target
from local_platform.client import PlatformError
from read_model_cli.generations import Generation

ARCHIVE_LAG_SECONDS = 600
"""How long an event may take into the archive, as EventBridge's documentation has it."""
_OVER = {"COMPLETED", "CANCELLED", "FAILED"}


@dataclass(frozen=True)
class Archive:
    """The archive of a deployment's bus."""

    target: Target

    def replay(self, generation: Generation) -> str:
        """Start to replay all that is in the archive to a generation and to nobody else; returns the replay's name."""
        if not generation.rule_arns:
            raise PlatformError(f"no rule fills the queue of {generation.name}")
        name = f"read_model-{generation.name}-{uuid.uuid4().hex[:12]}"
        self._events.start_replay(
            ReplayName=name,
            EventSourceArn=self._archive["ArchiveArn"],
            EventStartTime=self._archive["CreationTime"] - timedelta(days=1),
            EventEndTime=datetime.now(UTC),
            Destination={"Arn": self._bus["Arn"], "FilterArns": list(generation.rule_arns)},
        )
        return name

    def is_over(self, name: str) -> bool:
        """Whether a replay has come to its end. Raises `PlatformError` when it ended before that."""
        told = self._events.describe_replay(ReplayName=name)
        if told["State"] in _OVER - {"COMPLETED"}:
            raise PlatformError(f"replay {name} {told['State'].lower()}: {told.get('StateReason', 'no reason told')}")
        return bool(told["State"] == "COMPLETED")

    @cached_property
    def _events(self) -> Any:
        return self.target.client.aws("events")

    @cached_property
    def _bus(self) -> Any:
        return self._events.describe_event_bus(Name=self.target.client.outputs["event_bus"]["name"])

    @cached_property
    def _archive(self) -> Any:
        found = self._events.list_archives(EventSourceArn=self._bus["Arn"])["Archives"]
        if len(found) != 1:
            raise PlatformError(f"expected one archive of {self._bus['Name']}, found {len(found)}")
        return self._events.describe_archive(ArchiveName=found[0]["ArchiveName"])
