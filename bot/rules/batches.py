"""What a batch job at SmartHub is: many SIMs, one change, carried out later, SIM by SIM. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.rules.sims import NOTHING

SIMS_AT_MOST = 1000


class BatchOperation(StrEnum):
    """What a job does with each of its SIMs."""

    ACTIVATE = "activate"
    SUSPEND = "suspend"
    RETIRE = "retire"
    PLAN = "plan"


class JobState(StrEnum):
    """Where a job as a whole is. Finished says nothing about its SIMs: each has a result of its own."""

    PENDING = "pending"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"


class ItemState(StrEnum):
    """What became of one SIM of a job."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Item:
    """One SIM of a job. `code` and `message` are SmartHub's words on why it failed, e.g. illegal_status.

    `state` is `None` when SmartHub used a word that is in no table; `state_word` holds that word as it came.
    """

    giccid: str
    state: ItemState | None
    state_word: str | None = None
    code: str | None = None
    message: str | None = None


@dataclass(frozen=True)
class BatchJob:
    """One job as SmartHub last described it. `None` means "not known"; times are aware UTC.

    `state` and `operation` are `None` when SmartHub used a word that is in no table; `state_word` and `operation_word`
    hold that word as it came.
    """

    id: str
    state: JobState | None
    state_word: str
    operation: BatchOperation | None = None
    operation_word: str | None = None
    total: int | None = None
    succeeded: int | None = None
    failed: int | None = None
    created_at: datetime | None = None
    finished_at: datetime | None = None
    items: tuple[Item, ...] = ()
    raw: Mapping[str, object] = field(default_factory=lambda: NOTHING, compare=False, repr=False)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen in it."""
        return self.state in {JobState.FINISHED, JobState.FAILED}
