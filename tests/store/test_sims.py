"""The snapshot keeps each SIM as it was seen last, and finds it by whatever people call it."""

from __future__ import annotations

import random
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import NotFound
from bot.rules.alerts import Verdict
from bot.rules.naming import read_name
from bot.rules.sims import Sim, Status, label_of, luhn_digit
from bot.store import Store, snapshot
from bot.store.listed import BY_GICCIDS, BY_IDS

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
BARE = "894921260000000001"
FULL = Sim(
    giccid=BARE + luhn_digit(BARE),
    status=Status.ACTIVE,
    status_word="ACTIVATED",
    iccid=BARE,
    imsi="262030000000123",
    msisdn="+491701234567",
    imei="3569380356438099",
    account="xxxxx账户",
    sku="4FF",
    plan="iot-1g",
    plan_expires_at=NOW + timedelta(days=3, microseconds=5),
    pool="eu",
    activated_at=NOW - timedelta(days=900),
    cycle="2026-11",
    usage_bytes=2**63 - 1,
    quota_bytes=1,
    sms_count=3,
    country="DE",
    last_session_at=NOW - timedelta(microseconds=1),
    custom=("Berlin pump 12", "", None, "深圳仓库", "x" * 5000),
)


def other(n: int, **fields: object) -> Sim:
    """Another SIM that has nothing in common with that one."""
    bare = f"898604{n:012d}"
    made = Sim(bare + luhn_digit(bare), Status.SUSPENDED, "DEACTIVATED", imsi=f"46004{n:010d}", msisdn=f"8614{n:09d}")
    return replace(made, **fields)  # type: ignore[arg-type] - each test names fields as they are


async def look(store: Store, *sims: Sim, now: datetime = NOW) -> None:
    """One look at these SIMs."""
    page = [(sim, label_of(sim, "custom1")) for sim in sims]
    await store.alerts.look_over(page, lambda _, __: Verdict(), now=now)


async def one(store: Store, sim: Sim = FULL, *, now: datetime = NOW) -> int:
    """The SIM on its own, as when its card is read."""
    return await store.sims.remember(sim, label=label_of(sim, "custom1"), now=now)


def found(store: Store, typed: str) -> list[str]:
    """The numbers of what is called so."""
    return [row.sim.giccid for row in store.sims.named(read_name(typed))]


async def test_a_sim_comes_back_as_it_was_seen(store: Store):
    """Every field of a SIM survives the disk, the largest numbers and the microseconds too, and what is not known."""
    bare = Sim("X-1", None, "PAUSED")
    number, unknown = await one(store), await one(store, bare)

    assert store.sims.get(number).sim == FULL
    assert (store.sims.get(number).label, store.sims.get(number).seen_at) == ("Berlin pump 12", NOW)
    assert store.sims.get(unknown).sim == bare
    assert store.sims.get(unknown).label == "X-1"


async def test_a_number_stays_with_its_sim(store: Store):
    """A SIM keeps the number of its row however often it is seen and whatever changes; no other SIM gets it."""
    first = await one(store)
    again = await one(store, replace(FULL, account=None, custom=(None,) * 5, imei=None), now=NOW + timedelta(hours=1))
    second = await one(store, other(1))

    assert first == again != second
    assert store.sims.get(first).sim.account is None
    assert store.sims.get(first).seen_at == NOW + timedelta(hours=1)
    with pytest.raises(NotFound, match="There is no SIM 99 here"):
        store.sims.get(99)


@pytest.mark.parametrize(
    "typed",
    [
        FULL.giccid,
        BARE,
        f"{FULL.giccid}F",
        "-".join(FULL.giccid),
        "262030000000123",
        "262 03 0000000123",
        "+491701234567",
        "00491701234567",
        "491701234567",
        "<tel:+491701234567|+49 170 1234567>",
        "3569380356438099",
        "35-693803-564380-0",
        "35693803564380",
        "Berlin pump 12",
        "berlin  PUMP 12",
        "12 34 567",  # its end
        "000123",
        "0123",
        "89492126",
        "4917012",
        "26203000",
        "35693803",
        "pump",
        "berl",
        "12 pump",
        "圳仓",
        "库",
        FULL.giccid[-6:],
        FULL.giccid[-5:-1],
    ],
)
async def test_a_sim_is_found_by(store: Store, typed: str):
    """Each number in each spelling, the label, and a beginning, an end or a word of them find the SIM and no other."""
    # Whose numbers end in none of what is typed.
    others = (other(n, custom=(f"Lyon meter {n}", None, None, None, None)) for n in range(300, 350))
    await look(store, FULL, *others)

    assert found(store, typed) == [FULL.giccid]


@pytest.mark.parametrize(
    "typed", ["99999999", "Hamburg", "894921260000000099", "123", "+4930", "ump", "erlin", "p", "b 1", "圳龙"]
)
async def test_a_sim_is_not_found_by(store: Store, typed: str):
    """What is in the middle of a word, too short, or another number finds nothing."""
    await look(store, FULL)

    assert found(store, typed) == []


async def test_exact_comes_before_pieces(store: Store):
    """A label or number that is exactly so hides those of which it is only a piece; several that are exact all come."""
    named = [
        other(n, custom=(label, None, None, None, None)) for n, label in enumerate(("Pump 1", "Pump 12", "PUMP 1"))
    ]
    await look(store, *named, other(7, custom=("4600400000", None, None, None, None)))

    assert found(store, "pump 1") == [named[0].giccid, named[2].giccid]
    assert len(found(store, "pump")) == 3
    assert found(store, "4600400000") == [other(7).giccid]


async def test_both_spellings_are_two_sims(store: Store):
    """Two SIMs whose numbers differ in the check digit alone are both shown, the one as typed first."""
    await look(store, Sim(FULL.giccid, Status.ACTIVE, "A"), Sim(BARE, Status.ACTIVE, "A"))

    assert found(store, BARE) == [BARE, FULL.giccid]
    assert found(store, FULL.giccid) == [FULL.giccid, BARE]


async def test_by_giccid(store: Store):
    """A GICCID finds its SIM with and without its check digit, also one that is no number; an unknown one nothing."""
    await look(store, FULL, Sim("X-1", None, "A"))

    for spelling in (FULL.giccid, BARE):
        row = store.sims.by_giccid(spelling)
        assert row is not None
        assert row.sim == FULL
    assert store.sims.by_giccid("X-1") is not None
    assert store.sims.by_giccid("X-2") is None


async def test_what_changed_is_found_anew(store: Store):
    """A new IMEI, label or number finds the SIM, the old one does not any more."""
    await look(store, FULL)
    await look(store, replace(FULL, imei="861111111111119", custom=("Lyon meter 3", None, None, None, None)))

    assert found(store, "Lyon meter 3") == found(store, "861111111111119") == [FULL.giccid]
    assert found(store, "meter") == found(store, "111119") == [FULL.giccid]
    assert found(store, "Berlin") == found(store, "3569380356438099") == found(store, "438099") == []
    assert [row.sim.imei for row in store.sims.with_imei("86-111111-111111-0")] == ["861111111111119"]
    assert store.sims.with_imei("356938035643809") == store.sims.with_imei("none") == ()


@pytest.mark.parametrize(
    "typed",
    [
        FULL.giccid[:10] + "9" + FULL.giccid[11:],  # a digit wrong
        FULL.giccid[:7] + FULL.giccid[8:],  # a digit missing
        FULL.giccid[:7] + "5" + FULL.giccid[7:],  # a digit too many
        "262300000000123",  # two digits swapped
        "491701234568",
        "Berlin pmup 12",
        "Berlin pump 13",
    ],
)
async def test_what_looks_near(store: Store, typed: str):
    """Where nothing fits, what is a digit or a letter off comes first."""
    await look(store, FULL, *(other(n) for n in range(30)))

    assert found(store, typed) == []
    assert store.sims.near(read_name(typed))[0].sim == FULL
    assert len(store.sims.near(read_name(typed), limit=1)) == 1


async def test_typing(store: Store):
    """While somebody types, each beginning of a label, a word or a number suggests the SIM; nothing suggests none."""
    await look(store, FULL, *(other(n) for n in range(30)))

    for whole in ("Berlin pump 12", "pump"):
        for length in range(2, len(whole)):
            assert [row.sim.giccid for row in store.sims.suggest(whole[:length])] == [FULL.giccid]
    assert [row.sim.giccid for row in store.sims.suggest("+4917")] == [FULL.giccid]
    assert len(store.sims.suggest("8986", limit=20)) == 20
    assert store.sims.suggest("") == store.sims.suggest("\u200b") == store.sims.suggest("9" * 500) == ()


async def test_how_old_the_snapshot_is(store: Store):
    """The size says how many SIMs there are, when the one looked at longest ago was seen, and when the newest."""
    assert (store.sims.size().count, store.sims.size().oldest_seen_at) == (0, None)

    await look(store, *(other(n) for n in range(3)))
    await look(store, other(1), other(2), now=NOW + timedelta(hours=1))
    await one(store, other(1), now=NOW + timedelta(hours=2))
    size = store.sims.size()
    assert (size.count, size.oldest_seen_at, size.newest_seen_at) == (3, NOW, NOW + timedelta(hours=2))

    await look(store, *(other(n) for n in range(3)), now=NOW + timedelta(hours=3))
    assert store.sims.size().oldest_seen_at == NOW + timedelta(hours=3)
    assert store.disk.reader.execute("SELECT count(*) FROM looks").fetchone()[0] == 1


async def test_what_there_is_to_filter_by(store: Store):
    """The accounts, plans and so on that there are come with the most used first; what nobody has any more is gone."""
    await look(store, other(1, account="b"), other(2, account="a"), other(3, account="a"))
    assert store.sims.values("account") == ["a", "b"]
    assert store.sims.values("plan") == store.sims.values("imei") == []

    await look(store, other(1, account="c"))
    assert store.sims.values("account") == ["a", "c"]


async def test_what_did_not_change_is_not_written(store: Store):
    """A page that is as it was leaves the rows of its SIMs alone, and usage alone leaves the indexes of names alone."""
    await look(store, *(other(n, usage_bytes=n, quota_bytes=10_000) for n in range(40)))

    def changes(db: sqlite3.Connection, sims: Sequence[Sim]) -> list[str]:
        statements: list[str] = []
        db.set_trace_callback(statements.append)
        snapshot.remember(db, [(sim, sim.giccid) for sim in sims], now=NOW + timedelta(hours=1))
        db.set_trace_callback(None)
        return [s for s in statements if re.match("(INSERT INTO|UPDATE|DELETE FROM) (sims|ends|sim_words)", s)]

    same = [other(n, usage_bytes=n, quota_bytes=10_000) for n in range(40)]
    assert await store.disk.write(lambda db: changes(db, same)) == []
    used = [replace(sim, usage_bytes=77) for sim in same]
    written = await store.disk.write(lambda db: changes(db, used))
    assert len(written) == 40
    assert all(statement.startswith("UPDATE sims SET usage_bytes = 77 WHERE id") for statement in written)


async def test_after_any_changes_everything_is_as_if_seen_once(store: Store, tmp_path_factory: pytest.TempPathFactory):
    """A snapshot that has gone through many looks holds in every table what a fresh one of the last look holds."""
    dice = random.Random(3)  # noqa: S311 - not a secret

    def seen(n: int) -> Sim:
        word = dice.choice((None, "pump", "Malmö 7", "深圳"))
        return other(
            n, account=dice.choice((None, "a", "b")), usage_bytes=dice.choice((None, 5, 2**62)), quota_bytes=10,
            imei=dice.choice((None, f"35693803{n:06d}")), custom=(word, None, word, None, None),
            status=dice.choice((Status.ACTIVE, None)),
        )  # fmt: skip

    for _ in range(6):
        await look(store, *(seen(n) for n in dice.sample(range(60), 40)))
    last = [seen(n) for n in range(60)]
    await look(store, *last)
    fresh = Store(tmp_path_factory.mktemp("fresh") / "simops.db")
    await look(fresh, *last)

    assert tables(store) == tables(fresh)
    fresh.close()


def tables(store: Store) -> dict[str, set[tuple[object, ...]]]:
    """What the tables of the snapshot hold, without the numbers of rows."""
    db = store.disk.reader
    asked = {
        "sims": "SELECT s.giccid, label_key, percent, size_step, f.account, f.status FROM sims s"
        " JOIN facets f ON f.id = s.facet",
        "facets": "SELECT status, account, count, used_high, used_low FROM facets",
        "ends": "SELECT last_six, s.giccid FROM ends e JOIN sims s ON s.id = e.sim",
        "words": "SELECT s.giccid, w.custom1, w.custom3, w.facet = s.facet"
        " FROM sim_words w JOIN sims s ON s.id = w.rowid",
        "pumps": "SELECT s.giccid FROM sim_words w JOIN sims s ON s.id = w.rowid WHERE sim_words MATCH 'pump'",
        "looks": "SELECT at, count FROM looks",
    }
    return {name: {tuple(row) for row in db.execute(statement)} for name, statement in asked.items()}


async def test_a_sim_twice_on_a_page(store: Store):
    """Of a SIM that a page holds twice the last one stays, counted once."""
    await look(store, other(1, account="a"), other(1, account="b"))

    assert store.sims.size().count == 1
    assert store.sims.values("account") == ["b"]


@pytest.mark.parametrize(
    "typed", [FULL.giccid, "000123", "0123", "4917", "pump 12", "262030000000123", "35693803564380"]
)
async def test_no_name_goes_through_all(store: Store, typed: str):
    """No way to name a SIM scans the SIMs or sorts them."""
    await look(store, FULL, other(1))
    statements: list[str] = [BY_IDS.replace("?", "'[1]'"), BY_GICCIDS.replace("?", "'[]'")]
    store.disk.reader.set_trace_callback(statements.append)
    named = read_name(typed)
    store.sims.named(named)
    store.sims.near(named)
    store.sims.suggest(typed)
    store.sims.with_imei(typed)
    store.sims.by_giccid(typed)
    store.disk.reader.set_trace_callback(None)
    asked = [statement for statement in statements if not statement.startswith("--")]
    steps = [
        f"{statement}: {row['detail']}"
        for statement in asked
        for row in store.disk.reader.execute(f"EXPLAIN QUERY PLAN {statement}")
    ]

    assert len(asked) > 10
    assert [
        step for step in steps if re.search(r": (SCAN (s|sims|e|ends|n|seen|l)\b(?!.*VIRTUAL)|USE TEMP)", step)
    ] == []
