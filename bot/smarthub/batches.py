"""Batch jobs over the wire: what stores one, its id, and how it stands. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.errors import BadInput
from bot.rules.batches import SIMS_AT_MOST, BatchJob, BatchOperation, Item, ItemState, JobState
from bot.smarthub import wire
from bot.smarthub.addresses import number
from bot.smarthub.contract import Contract
from bot.smarthub.wire import Json, Row, count, read_time, text


def write_batch(giccids: Sequence[str], contract: Contract) -> Json:
    """The body that stores a job, each SIM once. Raises BadInput for no SIM, more than 1000, or what names no SIM."""
    sims = [] if isinstance(giccids, str) else list(dict.fromkeys(map(number, giccids)))
    if not 1 <= len(sims) <= SIMS_AT_MOST:
        raise BadInput(f"A batch job takes 1 to {SIMS_AT_MOST} SIMs, not {len(sims)}.")
    return {contract.keys("body", "giccids")[0]: sims}


def read_job_id(value: object, contract: Contract) -> str:
    """The id of a job that was stored. Raises ProviderError where there is none."""
    return Row(value, "job", contract).need("id", text)


def read_job(value: object, contract: Contract) -> BatchJob:
    """One job with its SIMs. Raises ProviderError, naming the key, for a type we do not expect."""
    row = Row(value, "job", contract)
    state_word = row.need("state", text)
    operation, operation_word = row.word("operation", "batch_operation", BatchOperation)
    return BatchJob(
        id=row.need("id", text),
        state=row.meaning("job_state", state_word, JobState),
        state_word=state_word,
        operation=operation,
        operation_word=operation_word,
        total=row.read("total", count),
        succeeded=row.read("succeeded", count),
        failed=row.read("failed", count),
        created_at=row.read("created_at", read_time),
        finished_at=row.read("finished_at", read_time),
        items=tuple(_item(item, contract) for item in row.many("items")),
        raw=row.value,
    )


def _item(value: object, contract: Contract) -> Item:
    row = Row(value, "job-item", contract)
    state, state_word = row.word("state", "item_state", ItemState)
    return Item(
        giccid=row.need("giccid", wire.giccid),
        state=state,
        state_word=state_word,
        code=row.read("code", text),
        message=row.read("message", text),
    )
