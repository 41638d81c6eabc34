"""A search finds what a plain filter would, page by page, along indexes; its pages have numbers of their own."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import NotFound, TooBroad
from bot.rules.alerts import Verdict
from bot.rules.searches import Cursor, Query, read_query
from bot.rules.sims import Sim, Status, label_of
from bot.rules.snapshot import Listed
from bot.store import Store, counts, facets, hits

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)
ACCOUNTS = ("acme", "Acme", "acme germany", "none", None)
WORDS = ("Berlin", "berlin", "pump", "Pumpe", "e-bike", "Malmö", "malmo", "深圳", "智联", "17", "0042", "DE-17", "x")


def some_sim(dice: random.Random, n: int) -> Sim:
    """A SIM of a fleet with much in common and much missing."""

    def maybe(*values: object) -> object:
        return dice.choice((None, *values))

    quota = maybe(100, 10**9, 0, 3)
    return Sim(
        giccid=f"8949210000000{n:06d}",
        status=dice.choice((Status.ACTIVE, Status.SUSPENDED, None)),
        status_word="A",
        iccid=maybe(f"8949210000000{n:06d}", f"8949210000000{n:06d}7"),  # type: ignore[arg-type] - of the right kind
        imsi=maybe(f"26203{dice.randrange(10**10):010d}"),  # type: ignore[arg-type]
        msisdn=maybe(f"49170{n:07d}", f"+49171{n:07d}"),  # type: ignore[arg-type]
        imei=maybe(f"35693803{n:07d}", f"35693803{n:08d}"),  # type: ignore[arg-type]
        account=dice.choice(ACCOUNTS),  # type: ignore[arg-type]
        plan=dice.choice(("iot-1", None)),
        country=dice.choice(("DE", "FR", None)),
        pool=dice.choice(("eu", None)),
        usage_bytes=maybe(0, 1, 50, 79, 80, 81, 100, 800_000_001, 2 * 10**9, 2**62),  # type: ignore[arg-type]
        quota_bytes=quota,  # type: ignore[arg-type]
        plan_expires_at=maybe(*(NOW + DAY * d for d in (-3, 0, 6, 7, 14)), NOW + DAY * 7 - timedelta(microseconds=1)),  # type: ignore[arg-type]
        last_session_at=maybe(*(NOW - DAY * d for d in (0, 1, 7, 8, 400)), NOW - timedelta(hours=30)),  # type: ignore[arg-type]
        custom=tuple(maybe(" ".join(dice.choices(WORDS, k=dice.randrange(1, 4)))) for _ in range(5)),  # type: ignore[arg-type]
    )


PARTS = (
    *(f"status:{word}" for word in ("active", "suspended,retired", "unknown")),
    *("account:acme", 'account:"acme germany",nord', "account:acme*", "account:none", "account:nobody"),
    *("plan:iot-1", "plan:iot-*", "plan:none", "country:de", "country:none", "pool:eu", "pool:none"),
    *("usage>80%", "usage>=80%", "usage<80%", "usage<=80%", "usage>2000%", "usage>0%", "usage<0.5%"),
    *("usage>1GB", "usage>=2GB", "usage<100b", "usage<=100b", "usage>2GiB", "usage<1MB"),
    *("expires<7d", "expires<=7d", "expires>7d", "expires>=7d", "expires:none", "expires<1h"),
    *("idle>7d", "idle>=7d", "idle<7d", "idle<=1d", "idle:never", "idle>1h"),
    *("berlin", "pump", '"berlin pump"', "e-bike", "malmo", "圳", "17", "0042", "custom2:pump", "custom1:berlin"),
    *("label:malmö", 'custom3:"pump berlin"', "4917", "000042", "iccid:000007", "iccid:8949210", "imsi:26203"),
    *("msisdn:+49171", "msisdn:0003", "imei:35693803", "imei:356938030000012"),
)


def plain(word: str) -> str:
    """A text as it is compared, with the accents of this test's words taken away."""
    return word.casefold().replace("ö", "o")


def cut(text: str) -> list[str]:
    """The words of a text, each Chinese sign alone."""
    return re.findall(r"[a-z0-9]+|[\u4e00-\u9fff]", plain(text))


def stands(wanted: str, text: str | None) -> bool:
    """Whether the words stand in the text in a row, the last as a beginning."""
    want, have = cut(wanted), cut(text or "")
    for at in range(len(have) - len(want) + 1):
        row = have[at : at + len(want)]
        if row[:-1] == want[:-1] and row[-1].startswith(want[-1]):
            return True
    return False


def luhn(digits: str) -> str:
    """The check digit, the way it is done by hand."""
    total = sum(sum(divmod(int(c) * (2 - at % 2), 10)) for at, c in enumerate(reversed(digits)))
    return str((10 - total % 10) % 10)


def numbered(digits: str, numbers: Sequence[str | None]) -> bool:
    """Whether a number begins or ends so, also with the check digit taken off or put on."""
    ways = [digits]
    if 18 < len(digits) <= 22:
        ways.append(digits[:-1])
    if 18 <= len(digits) < 22:
        ways.append(digits + luhn(digits))
    known = [n.lstrip("+") for n in numbers if n]
    return any(n.startswith(way) or n.endswith(way) for n in known for way in ways)


def in_place(values: Sequence[str], here: str | None) -> bool:
    """Whether one of the values names this place."""
    for value in map(str.casefold, values):
        if here is None:
            if value in ("none", "unknown"):
                return True
        elif here.casefold() == value or (value.endswith("*") and here.casefold().startswith(value[:-1])):
            return True
    return False


def within(sign: str, value: int, bound: int) -> bool:
    """The comparison that is written with this sign."""
    return {">": value > bound, ">=": value >= bound, "<": value < bound, "<=": value <= bound}[sign]


def expected(query: Query, sim: Sim) -> bool:
    """What the search means, said once more in the plainest way."""
    every = (sim.giccid, sim.iccid, sim.imsi, sim.msisdn, sim.imei)
    for word in query.words:
        digits = word if word.isdecimal() and len(word) >= 4 else None
        if not any(stands(word, c) for c in sim.custom) and not (digits and numbered(digits, every)):
            return False
    for key, values in query.places:
        if not in_place(values, getattr(sim, key)):
            return False
    for key, words in query.customs:
        if not stands(words, sim.custom[int(key[-1]) - 1]):
            return False
    for key, digits in query.numbers:
        if key == "imei" and len(digits) in (14, 15, 16):
            digits = digits[:14]  # noqa: PLW2901 - what follows is not the device
        known = (sim.giccid, sim.iccid) if key == "iccid" else (getattr(sim, key),)
        if not numbered(digits, known):
            return False
    return all(limited(limit.field, limit.sign, limit.amount, sim) for limit in query.limits)


def limited(field: str, sign: str, amount: int, sim: Sim) -> bool:
    """Whether a limit holds, by arithmetic on the values themselves."""
    if field in ("expires", "idle"):
        at = sim.plan_expires_at if field == "expires" else sim.last_session_at
        if not sign or at is None:
            return not sign and at is None
        return within(
            sign, ((at - NOW) if field == "expires" else (NOW - at)) // timedelta(microseconds=1), amount * 10**6
        )
    if sim.usage_bytes is None:
        return False
    if field == "usage":
        return within(sign, sim.usage_bytes, amount)
    return bool(sim.quota_bytes) and within(sign, sim.usage_bytes * 10**6, amount * sim.quota_bytes)  # type: ignore[operator]


async def look(store: Store, sims: Sequence[Sim], *, now: datetime = NOW) -> None:
    """One look at these SIMs."""
    page = [(sim, label_of(sim, "custom1")) for sim in sims]
    await store.alerts.look_over(page, lambda _, __: Verdict(), now=now)


def all_pages(store: Store, query: Query, *, limit: int, few: int) -> tuple[list[Listed], int]:
    """All pages of a search joined, and the count that stood on each of them."""
    rows: list[Listed] = []
    after: Cursor | None = None
    said = set()
    while True:
        found = hits.search(store.disk.reader, query, after=after, limit=limit, now=NOW, few=few)
        assert found.exact
        assert len(found.rows) <= limit
        said.add((found.count, found.usage_bytes))
        rows.extend(found.rows)
        if found.next is None:
            assert said == {(found.count, sum(row.sim.usage_bytes or 0 for row in rows))}
            return rows, found.count
        after = found.next


@pytest.fixture(scope="module")
def fleets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, dict[str, Sim]]]:
    """A store with 120 SIMs that were looked at four times, each time much being different."""
    store = Store(tmp_path_factory.mktemp("fleet") / "simops.db")
    dice = random.Random(7)  # noqa: S311 - not a secret
    known: dict[str, Sim] = {}
    for _ in range(4):
        sims = [some_sim(dice, n) for n in dice.sample(range(120), 90)]
        asyncio.run(look(store, sims))
        known |= {sim.giccid: sim for sim in sims}
    yield store, known
    store.close()


@pytest.mark.parametrize("few", [0, 40, hits.FEW])
@given(data=st.data())
def test_a_search_finds_what_a_plain_filter_finds(fleets: tuple[Store, dict[str, Sim]], few: int, data: st.DataObject):
    """Whatever is asked for and on whichever way it is found: each SIM that fits once, with the right count and sum."""
    store, known = fleets
    parts = data.draw(st.lists(st.sampled_from(PARTS), min_size=1, max_size=4, unique_by=key_of))
    query = read_query(" ".join(parts))
    rows, count = all_pages(store, query, limit=data.draw(st.sampled_from((9, 1000))), few=few)
    fitting = [sim for sim in known.values() if expected(query, sim)]

    assert sorted(row.sim.giccid for row in rows) == sorted(sim.giccid for sim in fitting)
    assert count == len(fitting)
    assert all(row.sim == known[row.sim.giccid] for row in rows)


@pytest.mark.parametrize("part", PARTS)
def test_each_part_alone_finds_some_and_not_all(fleets: tuple[Store, dict[str, Sim]], part: str):
    """Each filter of these tests is worth something: alone it finds the right SIMs along its index."""
    store, known = fleets
    query = read_query(part)
    rows, _ = all_pages(store, query, limit=50, few=0)

    assert {row.sim.giccid for row in rows} == {sim.giccid for sim in known.values() if expected(query, sim)}
    assert len(rows) < len(known) or part == "iccid:8949210"
    assert rows or part in ("account:nobody", "expires<1h")


async def test_counts_of_facets_are_the_counts(fleets: tuple[Store, dict[str, Sim]]):
    """After many changes each facet counts its SIMs and their bytes as somebody would who counts them."""
    store, known = fleets
    db = store.disk.reader
    counted: dict[tuple[object, ...], list[int]] = {}
    for sim in known.values():
        key = (sim.status, sim.status_word, sim.account, sim.plan, sim.country, sim.pool)
        at = counted.setdefault(key, [0, 0])
        at[0] += 1
        at[1] += sim.usage_bytes or 0
    found = {
        (r["status"], r["status_word"], r["account"], r["plan"], r["country"], r["pool"]):
            [r["count"], (r["used_high"] << facets.LOW) + r["used_low"]]
        for r in db.execute("SELECT * FROM facets")
    }  # fmt: skip
    indexed = db.execute("SELECT count(*) FROM sim_words").fetchone()[0]

    assert found == counted
    assert store.sims.size().count == indexed == len(known)


def key_of(part: str) -> str:
    """What a part is about: each can be asked for once."""
    return re.split("[:<>]", part)[0]


@pytest.mark.parametrize("few", [0, hits.FEW])
@pytest.mark.parametrize(
    "part", [*PARTS, "pump usage>80% status:active", "usage>80% idle>7d", "0042 pump account:acme"]
)
def test_no_search_goes_through_all(fleets: tuple[Store, dict[str, Sim]], part: str, few: int):
    """No statement of any search scans the SIMs or sorts them: each goes along an index."""
    store, _ = fleets
    statements: list[str] = []
    db = store.disk.reader
    db.set_trace_callback(statements.append)
    hits.search(db, read_query(part), after=None, limit=20, now=NOW, few=few)
    hits.search(db, read_query(part), after=Cursor(5, 5), limit=20, now=NOW, few=few)
    db.set_trace_callback(None)

    asked = [statement for statement in statements if not statement.startswith("--")]  # what FTS5 asks itself

    assert [plan for statement in asked for plan in bad_steps(store, statement)] == []
    assert any("sims" in statement for statement in statements) or part == "account:nobody"


def bad_steps(store: Store, statement: str) -> list[str]:
    """The steps of a statement's plan that grow with the fleet, though nothing asks for so many."""
    plan = [row["detail"] for row in store.disk.reader.execute(f"EXPLAIN QUERY PLAN {statement}")]
    scans = re.compile(r"SCAN (s|sims|e|ends|n|seen|l)\b(?!.*VIRTUAL)|USE TEMP B-TREE")
    return [f"{statement}: {step}" for step in plan if scans.match(step)]


def test_the_plan_check_would_notice(fleets: tuple[Store, dict[str, Sim]]):
    """A scan and a sort are found in a plan."""
    store, _ = fleets

    assert bad_steps(store, "SELECT * FROM sims WHERE sku = 'x'")
    assert bad_steps(store, "SELECT * FROM sims WHERE giccid > '1' ORDER BY sku")
    assert not bad_steps(store, "SELECT * FROM sims WHERE giccid = '1'")


async def test_the_most_comes_first(store: Store):
    """Who looks for much usage sees the highest first, who looks for an end the nearest, for silence the longest."""
    made = [
        Sim(f"{n:019}", Status.ACTIVE, "A", usage_bytes=n, quota_bytes=100, plan_expires_at=NOW + DAY * (n % 7),
            last_session_at=NOW - DAY * n)
        for n in range(60, 100)
    ]  # fmt: skip
    await look(store, made)

    async def first(text: str) -> list[int]:
        return [int(row.sim.giccid) for row in (await store.sims.search(read_query(text), limit=4, now=NOW)).rows]

    assert await first("usage>70%") == [99, 98, 97, 96]
    assert await first("idle>62d") == [99, 98, 97, 96]
    assert await first("expires<3d") == [63, 70, 77, 84]
    assert await first("status:active") == [60, 61, 62, 63]


async def test_what_would_take_long_is_not_counted(store: Store):
    """A count that would take long says that there are at least so many; one that an index can tell is exact."""
    await look(
        store, [Sim(f"{n:019}", Status.ACTIVE, "A", custom=("pump", None, None, None, None)) for n in range(10_050)]
    )
    words = await store.sims.search(read_query("pump"), limit=3, now=NOW)
    places = await store.sims.search(read_query("status:active"), limit=3, now=NOW)
    both = await store.sims.search(read_query("pump idle:never"), limit=3, now=NOW)

    assert (words.count, words.exact, words.usage_bytes) == (10_050, True, None)
    assert (both.count, both.exact, both.usage_bytes) == (counts.MOST_LOOKED_AT, False, None)
    assert (places.count, places.exact, places.usage_bytes) == (10_050, True, 0)


async def test_a_stream_brings_each_once(store: Store):
    """All hits come in pieces, each SIM once, also the last one of the last piece."""
    await look(store, [Sim(f"{n:019}", Status.ACTIVE, "A") for n in range(2_001)])
    pieces = [piece async for piece in store.sims.stream(read_query("status:active"), now=NOW)]

    assert [len(piece) for piece in pieces] == [1000, 1000, 1]
    assert len({row.id for piece in pieces for row in piece}) == 2_001


async def test_a_piece_that_fits_too_many(store: Store):
    """The beginning of too many numbers is refused in words that say what to write."""
    await look(store, [Sim(f"894921{n:013}", Status.ACTIVE, "A") for n in range(hits.FEW + 1)])

    with pytest.raises(TooBroad, match=r"“iccid:8949” is the beginning or end of more than 2,000 numbers\. Write more"):
        await store.sims.search(read_query("iccid:8949"), limit=3, now=NOW)
    assert (await store.sims.search(read_query("iccid:0000042"), limit=3, now=NOW)).count == 1


async def test_how_old_the_hits_are(store: Store):
    """A search says between when and when the SIMs of the snapshot were seen; nothing is said of an empty one."""
    empty = await store.sims.search(read_query("status:active"), limit=3, now=NOW)
    made = [Sim(f"{n:019}", Status.ACTIVE, "A") for n in range(3)]
    await look(store, made)
    await look(store, made[1:], now=NOW + DAY)
    found = await store.sims.search(read_query("status:active"), limit=3, now=NOW)

    assert (empty.rows, empty.count, empty.seen_from, empty.seen_to) == ((), 0, None, None)
    assert (found.seen_from, found.seen_to) == (NOW, NOW + DAY)
    assert [row.seen_at for row in found.rows] == [NOW, NOW + DAY, NOW + DAY]


async def test_pages_have_numbers(store: Store):
    """A page comes back under its number as it was added, also the first and the last one."""
    first = await store.searches.add("usage>80%", by="U1", after=Cursor(80, 7), previous=None, now=NOW)
    last = await store.searches.add("usage>80%", by="U1", after=None, previous=first, now=NOW)

    assert store.searches.get(first).after == Cursor(80, 7)
    assert (store.searches.get(first).previous, store.searches.get(last).previous) == (None, first)
    assert (store.searches.get(last).after, store.searches.get(last).text) == (None, "usage>80%")
    assert (store.searches.get(last).by, store.searches.get(last).made_at) == ("U1", NOW)


async def test_old_searches_go(store: Store):
    """What was searched for over thirty days ago is gone, and its number is not given again."""
    old = await store.searches.add("old", by="U1", after=None, previous=None, now=NOW)
    kept = await store.searches.add("kept", by="U1", after=None, previous=None, now=NOW + DAY)
    new = await store.searches.add("new", by="U1", after=None, previous=None, now=NOW + DAY * 31)

    with pytest.raises(NotFound, match="Search again"):
        store.searches.get(old)
    assert store.searches.get(kept).text == "kept"
    assert new > kept > old
