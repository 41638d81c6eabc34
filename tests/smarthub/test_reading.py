"""Jobs, SMS, accounts, plans, pools, countries, changes: read as meant from stored answers, and never guessed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import BadInput, ProviderError
from bot.rules.accounts import Charge, Country, Enterprise, Member
from bot.rules.batches import BatchJob, BatchOperation, Item, ItemState, JobState
from bot.rules.changes import Change, ChangeKind
from bot.rules.plans import Plan, PlanKind
from bot.rules.pools import Pool
from bot.rules.sms import Sms, SmsState, lasts, validity_for
from bot.smarthub import accounts, batches, sims, sms, wire
from bot.smarthub.contract import FIELDS, Contract, contract
from bot.smarthub.paging import read_log_page

CONTRACT = contract()
SAMPLES = Path(__file__).parents[1] / "samples" / "smarthub"
GICCID = "8949212600000000142"
Reader = Callable[[object, Contract], object]


def stored(name: str) -> object:
    """What a stored answer says."""
    return json.loads((SAMPLES / name).read_bytes())


def utc(day: int, hour: int, minute: int = 0, second: int = 0, *, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, second, tzinfo=UTC)


def test_the_change_log_is_read():
    """Each line says what changed from what to what, in our words for a status; a kind we do not know is kept."""
    rows = wire.read_rows((SAMPLES / "change-log.200.json").read_bytes(), CONTRACT)

    page = read_log_page(rows, 1, CONTRACT, giccid=None)

    assert page.changes == (
        Change(ChangeKind.STATUS, "STATUS", GICCID, "active", "suspended", utc(22, 8, 30)),
        Change(ChangeKind.PLAN, "SERVICE_PACKAGE", GICCID, None, "xxxx资费01", utc(20, 8, 30)),
        Change(None, "IMSI", GICCID, "1", "2", utc(19, 8, 30)),
        Change(ChangeKind.IMEI, "IMEI", "8986042600000000017", None, "356938035643809", utc(18, 8, 30)),
    )
    assert page.skipped == 1
    assert page.changes[0].raw["oldValue"] == "ACTIVATED"


@pytest.mark.parametrize("asked", [GICCID, GICCID[:-1]])
def test_a_history_holds_no_other_sim(asked: str):
    """Where SmartHub does not know the filter, what is about other SIMs is left out of a SIM's history and counted."""
    rows = wire.read_rows((SAMPLES / "change-log.200.json").read_bytes(), CONTRACT)

    page = read_log_page(rows, 1, CONTRACT, giccid=asked)

    assert {change.giccid for change in page.changes} == {GICCID}
    assert (len(page.changes), page.skipped) == (3, 2)


def test_a_job_is_read_with_its_sims():
    """A job comes with its state and counts, and each SIM with its result; an unknown result is kept as it came."""
    job = batches.read_job(stored("job-finished.200.json"), CONTRACT)

    assert job == BatchJob(
        id="job-000001",
        state=JobState.FINISHED,
        state_word="FINISHED",
        operation=BatchOperation.SUSPEND,
        operation_word="DEACTIVATE",
        total=3,
        succeeded=1,
        failed=1,
        created_at=utc(22, 8, 30),
        finished_at=utc(22, 8, 31),
        items=(
            Item(GICCID, ItemState.DONE, "SUCCESS"),
            Item("8986042600000000017", ItemState.FAILED, "FAILED", "illegal_status", "status: illegal_status"),
            Item("8949022600000000027", None, "SKIPPED"),
        ),
    )
    assert job.is_over


def test_an_sms_is_read():
    """An SMS comes with its id and state; a state in no table is none of ours."""
    value = stored("sms-taken.200.json")

    assert sms.read_sms(value, CONTRACT) == Sms("sms-000001", SmsState.PENDING, "PENDING", GICCID, utc(22, 8, 30))
    odd = sms.read_sms({"smsMsgId": "7", "status": "BOUNCED"}, CONTRACT)
    assert (odd.state, odd.state_word) == (None, "BOUNCED")


@pytest.mark.parametrize("rest", [{}, {"status": 3}, {"sentTime": "now"}, {"toGiccid": "a/b"}])
def test_a_taken_sms_is_known_by_its_id(rest: Mapping[str, object]):
    """Right after sending, the id alone is enough, whatever else is wrong; without an id there is nothing to follow."""
    assert sms.read_sent({"smsMsgId": "sms-1", **rest}, CONTRACT).id == "sms-1"
    for nothing in ({}, {"smsMsgId": None}, {"smsMsgId": ""}, {"smsMsgId": 7}, []):
        with pytest.raises(ProviderError):
            sms.read_sent(nothing, CONTRACT)


def test_plans_are_read_with_exact_prices():
    """A price stays the decimal it was written as; an unknown way of paying is kept as it came."""
    basic, addon = (accounts.read_plan(row, CONTRACT) for row in stored("plans.200.json"))

    assert basic == Plan(
        "xxxx资费01", PlanKind.BASIC, "BASIC", Charge.PREPAID, "PREPAID", 10**9, None, 365, Decimal("12.50"), "EUR"
    )
    assert str(basic.price) == "12.50"
    assert (addon.kind, addon.charge, addon.charge_word, addon.price) == (PlanKind.ADDON, None, "BARTER", None)


@pytest.mark.parametrize("price", [12.5, 12, True, "12,50", "NaN", "1e9", "Infinity", "٣", " 1", "9" * 40])
def test_a_price_is_not_guessed(price: object):
    """A price that is no plain decimal text is not known: a JSON number may have been rounded. The plan still is."""
    told: list[tuple[str, str]] = []

    plan = accounts.read_plan(
        {"name": "a", "currency": "EUR", "price": price},
        CONTRACT,
        unreadable=lambda field, whose: told.append((field, whose)),
    )

    assert plan == Plan("a", currency="EUR")
    assert told == [("plan.price", "a")]


def test_one_odd_member_does_not_hide_the_enterprise():
    """An account whose count of SIMs cannot be read is listed without it."""
    told: list[tuple[str, str]] = []
    keys = {table: {ours: keys[0] for ours, keys in FIELDS[table].items()} for table in ("enterprise", "member")}
    names = keys["member"]
    odd = {names["name"]: "a", names["sim_count"]: -1, names["charge"]: 5}
    value = {keys["enterprise"]["name"]: "E", keys["enterprise"]["accounts"]: [odd, {names["name"]: "b"}]}

    found = accounts.read_enterprise(value, CONTRACT, unreadable=lambda field, whose: told.append((field, whose)))

    assert found == Enterprise("E", (Member("a"), Member("b")))
    assert sorted(told) == [("member.charge", "E"), ("member.sim_count", "E")]


def test_pools_are_read():
    """A pool says how much of it is used, also beyond all of it; a pool without a size says nothing."""
    full, empty = (
        accounts.read_pool(row, CONTRACT)
        for row in wire.read_rows((SAMPLES / "pools.200.json").read_bytes(), CONTRACT).rows
    )

    expires = utc(31, 15, 59, 59, month=12)
    assert full == Pool("acme-eu", "pool-5g-eu", 5 * 10**9, 6_250_000_000, 12, "2026-11", expires)
    assert (full.part_used, empty.part_used) == (1.25, None)


def test_the_enterprise_is_read():
    """The enterprise comes with its accounts; what nobody told us of is kept in `raw`."""
    found = accounts.read_enterprise(stored("enterprise.200.json"), CONTRACT)

    first = Member("xxxxx账户", Charge.TRIAL, "EXPERIENCE", "ENABLED", 7)
    assert found == Enterprise("Example Devices", (first, Member("other")))
    assert found.raw["contact"] == "nobody@example.com"


def test_countries_are_read():
    """Traffic and SIMs by country; nothing used is 0, and nothing said is not known."""
    found = [accounts.read_country(row, CONTRACT) for row in stored("countries.200.json")]

    assert found == [Country("DE", 42_960_000, 3), Country("CN", 0, None)]


READERS: Mapping[str, tuple[Reader, Mapping[str, object]]] = {
    "sim": (sims.read_sim, {"giccid": GICCID, "status": "ACTIVATED"}),
    "change": (sims.read_change, {}),
    "job": (batches.read_job, {"jobId": "1", "status": "FINISHED"}),
    "sms": (sms.read_sms, {"smsMsgId": "1"}),
    "enterprise": (accounts.read_enterprise, {}),
    "account": (accounts.read_account, {"name": "a"}),
    "plan": (accounts.read_plan, {"name": "a"}),
    "pool": (accounts.read_pool, {"name": "a"}),
    "country": (accounts.read_country, {"countryCode": "DE"}),
}
LENIENT = {"sim", "enterprise", "account", "plan", "pool", "country"}
OPTIONAL = [
    (table, ours)
    for table, (_, needed) in READERS.items()
    for ours, keys in FIELDS[table].items()
    if keys[0] not in needed
]


@pytest.mark.parametrize(("table", "ours"), OPTIONAL)
def test_each_field_is_read_from_its_own_key(table: str, ours: str):
    """Every field an answer may have is looked for under its key, is not known without it, and is not guessed at.

    Where it is of a wrong type, a SIM and what describes an account go without it; the rest is refused, naming the key.
    """
    read, needed = READERS[table]
    bare = read(needed, CONTRACT)
    own = contract(fields={table: {ours: ["ownKey"]}})

    assert read({**needed, "ownKey": None}, own) == bare
    if table in LENIENT and (table, ours) != ("enterprise", "accounts"):
        assert read({**needed, "ownKey": {"a": 1}}, own) == bare
    else:
        with pytest.raises(ProviderError, match=r"\(in “ownKey”\)\.$"):
            read({**needed, "ownKey": {"a": 1}}, own)


@pytest.mark.parametrize(("table", "key"), [(table, key) for table, (_, needed) in READERS.items() for key in needed])
def test_a_needed_field_names_its_setting(table: str, key: str):
    """Without what it cannot do without, an answer is refused in a sentence that names the setting to write."""
    read, needed = READERS[table]

    with pytest.raises(ProviderError, match=rf"no “{key}”.*\[smarthub\.fields\.{table}\]"):
        read({k: v for k, v in needed.items() if k != key}, CONTRACT)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "giccid"]), inner, max_size=2),
    max_leaves=6,
)


@settings(deadline=None)
@given(st.sampled_from(list(READERS)), st.data())
def test_no_object_crashes_a_reader(table: str, data: st.DataObject):
    """Whatever the values are, the answer is one of ours or a ProviderError."""
    read, needed = READERS[table]
    keys = st.sampled_from([keys[0] for keys in FIELDS[table].values()])
    try:
        found = read({**needed, **data.draw(st.dictionaries(keys, JSON))}, CONTRACT)
    except ProviderError:
        return
    assert found == read(found.raw, CONTRACT)


# How long an SMS is kept


@pytest.mark.parametrize(
    ("validity", "lasting"),
    [
        (0, timedelta(minutes=5)), (143, timedelta(hours=12)), (144, timedelta(hours=12, minutes=30)),
        (167, timedelta(hours=24)), (168, timedelta(days=2)), (196, timedelta(days=30)), (197, timedelta(weeks=5)),
        (255, timedelta(weeks=63)),
    ],
)  # fmt: skip
def test_how_long_a_validity_lasts(validity: int, lasting: timedelta):
    """The numbers of 3GPP TS 23.040 at each of their borders, and back again."""
    assert lasts(validity) == lasting
    assert validity_for(lasting) == validity


def test_a_validity_keeps_at_least_as_long_as_asked():
    """A time in between becomes the next longer one; none, or more than there is, is refused."""
    assert validity_for(timedelta(hours=36)) == 168
    assert validity_for(timedelta(seconds=1)) == 0
    for wrong in (timedelta(0), timedelta(weeks=64)):
        with pytest.raises(BadInput):
            validity_for(wrong)
    for number in (-1, 256):
        with pytest.raises(BadInput):
            lasts(number)
