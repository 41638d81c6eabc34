"""The notifications a bulk job causes are counted on its card; those it did not cause stand for themselves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.rules.orders import Order
from bot.rules.sims import Operation
from tests.stories.jobs import SUSPEND, Work, at_work
from tests.talk import ALERTS, OPERATOR


@pytest.fixture
async def work(tmp_path: Path) -> AsyncIterator[Work]:
    """Batches of five, two at once."""
    async with at_work(tmp_path) as made:
        yield made


async def suspended(work: Work, giccid: str, **fields: object) -> None:
    """SmartHub tells that this SIM was suspended."""
    await work.world.push(
        "sim-status-change", giccid, **{"oldStatus": "ACTIVATED", "newStatus": "DEACTIVATED", **fields}
    )


async def test_what_a_job_causes_is_folded_into_it(work: Work):
    """SmartHub tells of each SIM of a job: nothing of it stands in the channel; card and store have it."""
    work.world.hub.announces = True
    sims = work.sims()

    await work.start(SUSPEND, sims)
    await work.finish()
    await work.go_on(seconds=10)

    assert work.world.cards(ALERTS) == []
    assert work.job().pushes == len(sims)
    assert f"SmartHub has sent {len(sims)} notifications of these changes" in work.card()
    assert len(work.world.app.store.events.of_sim([sims[0][0]])) == 1


async def test_a_flood_does_not_redraw_the_card_each_time(work: Work):
    """However many come at once, the card is not redrawn for each."""
    sims = work.sims()
    await work.start(SUSPEND, sims)
    await work.finish()
    await work.go_on(seconds=10)
    before = len(work.edits())

    for sim in sims:
        await suspended(work, sim[0])
    await work.go_on(seconds=5)

    assert work.job().pushes == len(sims)
    assert len(work.edits()) <= before + 2


OTHERS = {
    "another SIM": ("sim-status-change", 1, {"newStatus": "DEACTIVATED"}),
    "another state": ("sim-status-change", 0, {"newStatus": "RETIRED"}),
    "a state in no table": ("sim-status-change", 0, {"newStatus": "PARKED"}),
    "an APN": ("apn-status-change", 0, {"newStatus": "DISABLED"}),
    "something else": ("imei-change", 0, {}),
}


@pytest.mark.parametrize("name", OTHERS)
async def test_what_it_did_not_cause_stands_for_itself(work: Work, name: str):
    """A notification about another SIM, another state or another thing is shown as ever."""
    event, which, fields = OTHERS[name]
    sims = work.sims()
    await work.start(SUSPEND, sims[:10])

    await work.world.push(event, (sims[0] if which == 0 else sims[20])[0], **fields)

    assert len(work.world.cards(ALERTS)) == 1
    assert work.job().pushes == 0


async def test_a_sim_that_was_not_sent_yet(work: Work):
    """What happens to a SIM of the job that still waits is not the job's doing."""
    sims = work.sims()
    await work.start(SUSPEND, sims)

    await suspended(work, sims[-1][0])

    assert len(work.world.cards(ALERTS)) == 1


async def test_a_switched_apn(work: Work):
    """The notification of an APN that the job switched is folded; that of another APN is not."""
    sims = work.sims(most=4)
    await work.start(Order(Operation.APN, apn="iot.smarthub", enabled=False), sims)

    await work.world.push("apn-status-change", sims[0][0], apn="iot.smarthub", newStatus="DISABLED")
    await work.world.push("apn-status-change", sims[1][0], apn="other.apn", newStatus="DISABLED")

    assert work.job().pushes == 1
    assert len(work.world.cards(ALERTS)) == 1


async def test_the_same_notification_again(work: Work):
    """A notification that was folded and comes again is still no message of its own, and counts once."""
    sims = work.sims(most=5)
    await work.start(SUSPEND, sims)
    body = work.world.hub.payload("sim-status-change", sims[0][0], oldStatus="ACTIVATED", newStatus="DEACTIVATED")

    for _ in range(3):
        await work.world.through(work.world.hub.push_raw("sim-status-change", body))
    await work.finish()
    await work.go_on(minutes=30)
    await work.world.through(work.world.hub.push_raw("sim-status-change", body))

    assert work.world.cards(ALERTS) == []
    assert work.job().pushes == 1


async def test_late_and_too_late(work: Work):
    """A notification that comes shortly after the end of a job is still its doing; a day later it is news."""
    sims = work.sims(most=5)
    await work.start(SUSPEND, sims)
    await work.finish()

    await work.go_on(minutes=2)
    await suspended(work, sims[0][0])
    assert work.world.cards(ALERTS) == []
    await work.go_on(hours=24)
    await suspended(work, sims[1][0])

    assert len(work.world.cards(ALERTS)) == 1
    assert work.job().pushes == 1


async def test_the_number_is_written_otherwise(work: Work):
    """A notification that names the SIM without its check digit is recognised as well."""
    sims = work.sims(most=5)
    await work.start(SUSPEND, sims)

    named = {"giccid": sims[0][0][:-1]}
    body = work.world.hub.payload("sim-status-change", sims[0][0], newStatus="DEACTIVATED", **named)
    await work.world.through(work.world.hub.push_raw("sim-status-change", body))

    assert work.job().pushes == 1
    assert work.world.cards(ALERTS) == []


async def test_a_push_changes_nothing_of_the_job(work: Work):
    """A notification is no proof: a SIM is confirmed by reading it, whatever was pushed."""
    sims = work.sims(most=5)
    work.world.hub.settle_slowly = 600
    await work.start(SUSPEND, sims)
    await work.go_on(seconds=5)
    before = work.found()

    for sim in sims:
        await suspended(work, sim[0])

    assert work.found() == before
    assert work.job().by == OPERATOR
