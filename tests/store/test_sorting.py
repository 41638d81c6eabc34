"""Each push is sorted once, in one transaction with what shows it, onto a card of its own or one it shares."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.rules.alerts import Verdict as Look
from bot.rules.events import Event, Fate, Push, Severity
from bot.rules.outbox import Card, Note
from bot.rules.routes import About, Target
from bot.rules.sims import Sim, Status
from bot.store import Store
from bot.store.judging import Limits, Seams, Verdict

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
GICCID = "8949212600000000142"
PUSH = Push("no-session", "id:1", b"{}", giccid=GICCID, account="acme")
LIMITS = Limits(timedelta(hours=1), 3, timedelta(minutes=1), timedelta(minutes=10), separate=frozenset({"mo-sms"}))
SHOWN = Verdict((Target("C1"),))


def seams(verdict: Verdict = SHOWN, severity: Severity = Severity.MEDIUM) -> Seams:
    """Everything is as grave, and judged alike."""

    def told(_request: int, _event: Event) -> Note:
        return Note("C9", "told")

    return Seams(grave=lambda _: severity, judge=lambda _: verdict, beside=lambda *_: verdict, told=told)


async def come(store: Store, *pushes: Push, at: datetime = NOW, by: Seams | None = None) -> None:
    """Receives these and sorts them."""
    for n, push in enumerate(pushes):
        await store.events.receive(push, window=timedelta(minutes=10), now=at + timedelta(milliseconds=n))
    await store.sorting.sort(by or seams(), LIMITS, most=100, now=at)


def of_sim(n: int, **more: object) -> Push:
    """The same of another SIM."""
    return replace(PUSH, key=f"id:{n}-{more}", giccid=f"{n:019}", **more)  # type: ignore[arg-type]  # any field


async def test_the_label_is_taken_from_the_last_look(store: Store):
    """A SIM that was seen before is called by its label, and by its account where the push names none."""
    sim = Sim(GICCID, Status.ACTIVE, "ACTIVATED", account="from the list")
    await store.alerts.look_over([(sim, "Pump 7")], lambda _, __: Look(), now=NOW)
    await come(store, PUSH, replace(PUSH, key="id:2", account=None), replace(PUSH, key="id:3", giccid=None))

    named, unnamed, nobody = (store.events.get(n) for n in (1, 2, 3))
    assert (named.label, named.push.account) == ("Pump 7", "acme")
    assert (unnamed.label, unnamed.push.account) == ("Pump 7", "from the list")
    assert nobody.label is None
    assert {one.fate for one in (named, unnamed, nobody)} == {Fate.SHOWN}


async def test_a_card_comes_with_it(store: Store):
    """What is sorted has its card on its way to each channel; nothing of it is sorted again."""
    await come(store, PUSH, by=seams(Verdict((Target("C1"), Target("C2", "quiet 22:00-07:00 UTC")))))

    assert [head.what for head in store.outbox.heads()] == [Card("notice:1", "C1")]
    assert [(copy.channel, copy.hold) for copy in store.copies.of(1)] == [("C1", ""), ("C2", "quiet 22:00-07:00 UTC")]
    assert await store.sorting.sort(seams(), LIMITS, most=100, now=NOW) == 0


async def test_what_is_judged_is_what_is_known(store: Store):
    """The judge gets the SIM's account, plan, country, label and custom fields, as far as they are known."""
    sim = Sim(GICCID, Status.ACTIVE, "ACTIVATED", plan="iot", country="DE", custom=("Pump 7", "prod", None, None, None))
    await store.alerts.look_over([(sim, "Pump 7")], lambda _, __: Look(), now=NOW)
    seen: list[About] = []

    def judge(about: About) -> Verdict:
        seen.append(about)
        return SHOWN

    await come(store, PUSH, of_sim(5), by=replace(seams(), judge=judge))

    known = {"account": "acme", "plan": "iot", "country": "DE", "label": "Pump 7", "custom2": "prod", "sim": GICCID}
    assert {key: seen[0].places[key] for key in known} == known
    assert dict(seen[1].places) == {"account": "acme", "sim": f"{5:019}"}


async def test_the_same_again_shares_a_card(store: Store):
    """Within the time the same of one SIM is one incident that counts; another kind, or after it, is another."""
    await come(store, PUSH, replace(PUSH, key="id:2"))
    await come(store, replace(PUSH, key="id:3"), at=NOW + timedelta(minutes=59))
    await come(store, replace(PUSH, key="id:4", name="cycle-usage"), at=NOW + timedelta(minutes=59))
    await come(store, replace(PUSH, key="id:5"), at=NOW + timedelta(minutes=120))

    assert [store.incidents.get(n).count for n in (1, 2, 3)] == [3, 1, 1]
    assert store.incidents.get(1).last_at == NOW + timedelta(minutes=59)


async def test_what_devices_say_is_separate(store: Store):
    """Two SMS of one device are two cards, whatever they say."""
    await come(store, *(replace(PUSH, name="mo-sms", key=f"id:{n}") for n in range(2)))

    assert [store.incidents.get(n).count for n in (1, 2)] == [1, 1]


async def test_other_channels_have_other_cards(store: Store):
    """When somebody subscribes in between, the same again has a card of its own for all who get it now."""
    await come(store, PUSH)
    await come(store, replace(PUSH, key="id:2"), by=seams(Verdict((Target("C1"), Target("C2")))))

    assert [store.incidents.get(n).audience for n in (1, 2)] == [("C1",), ("C1", "C2")]


async def test_one_sim_too_many_is_a_storm(store: Store):
    """The third SIM within the minute makes one card of all; cards nobody has seen are taken back."""
    await come(store, of_sim(1), of_sim(2), of_sim(3), of_sim(3, facts={"hours": 50}))

    storm = store.incidents.get(3)
    assert (storm.storm, storm.sims, storm.count, storm.severity) == (True, 3, 4, Severity.HIGH)
    assert [store.incidents.get(n).storm_id for n in (1, 2)] == [3, 3]
    assert [head.what for head in store.outbox.heads()] == [Card("notice:3", "C1")]
    assert store.outbox.depth() == 1
    assert store.incidents.counts(3)["account"] == {"acme": 3}
    assert [len(page) for page in store.incidents.members(3)] == [3]


async def test_a_storm_goes_on_until_it_is_calm(store: Store):
    """While one SIM follows the other they join; after ten minutes without one the next stands alone."""
    await come(store, of_sim(1), of_sim(2), of_sim(3))
    await come(store, of_sim(4), at=NOW + timedelta(minutes=9))
    await come(store, of_sim(5), at=NOW + timedelta(minutes=18))
    await come(store, of_sim(6), at=NOW + timedelta(minutes=29))

    assert store.incidents.get(3).sims == 5
    assert not store.incidents.get(4).storm


async def test_what_is_muted_is_counted(store: Store):
    """What planned work holds is on disk and counted, and makes no card."""
    await come(store, PUSH, of_sim(2), by=seams(Verdict(mute=7)))

    assert store.mutes.counts(7) == {"no-session": 2}
    assert store.events.get(1).fate is Fate.MUTED
    assert store.outbox.depth() == 0


async def test_hours_are_counted(store: Store):
    """How many came in which hour, and the longest pause that ended in it, in whatever order they are sorted."""
    await come(store, PUSH)
    await come(store, of_sim(2), of_sim(3), at=NOW + timedelta(minutes=40))

    hours = store.rhythm.hours(since=NOW - timedelta(days=1))
    assert [(hour.at.hour, hour.count, hour.gap) for hour in hours] == [
        *((9, 1, timedelta(0)), (10, 2, timedelta(minutes=40)))
    ]
