"""What came beside what we look for: the survey of raw rows, and what it advises."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ProviderError
from bot.simulator.clock import HeldClock
from bot.simulator.fleet import Fleet
from bot.smarthub import accounts, batches, sims, sms
from bot.smarthub.advice import Address, Keys, Word, advise, as_toml
from bot.smarthub.contract import ENDPOINTS, ENUMS, FIELDS, contract
from bot.smarthub.report import has_gaps, in_detail, in_short, is_wrong
from bot.smarthub.shapes import KINDS, NEEDED, PARTS, READINGS, WORDS, kind_of, reads
from bot.smarthub.survey import Survey, survey
from tests.smarthub.conftest import START

CONTRACT = contract()
FLEET = Fleet(30, HeldClock(START).now)
GOOD: dict[str, object] = {
    "text": "abc",
    "word": 7,
    "number": "8949212600000000001",
    "count": 7,
    "time": "2026-11-22T08:30:00Z",
    "price": "12.50",
    "texts": ["abc"],
    "objects": [],
}
READERS = {
    "sim": sims.read_sim,
    "change": sims.read_change,
    "enterprise": accounts.read_enterprise,
    "account": accounts.read_account,
    "plan": accounts.read_plan,
    "pool": accounts.read_pool,
    "country": accounts.read_country,
    "job": batches.read_job,
    "sms": sms.read_sms,
}
EVERY = [(table, field) for table in READERS for field in FIELDS[table]]


def row_of(table: str, **other: object) -> dict[str, Any]:
    """A row with all fields of a table."""
    good = {keys[0]: GOOD[kind_of(table, field)] for field, keys in FIELDS[table].items()}
    return good | other


def looked_at(row: object, table: str = "sim") -> Survey:
    return survey([row, row], table, CONTRACT)


# What is seen


def test_every_read_can_be_tried() -> None:
    """Each read of the table of operations but the two that need an id stands among those that are tried, no change."""
    reading = {endpoint.name for endpoint in ENDPOINTS if not endpoint.changes}

    assert set(READINGS) == reading - {"getBatchJob", "getSms"}
    assert {r.table for r in READINGS.values()} <= set(FIELDS)


def test_the_tables_name_what_there_is() -> None:
    """What is needed, holds words or holds objects is a field of ours, and its words are a table of ours."""
    for table, fields in NEEDED.items():
        assert fields <= set(FIELDS[table])
    for (table, field), enum in WORDS.items():
        assert field in FIELDS[table]
        assert enum in ENUMS
    for (table, field), inner in PARTS.items():
        assert field in FIELDS[table]
        assert inner in FIELDS


@pytest.mark.parametrize(("table", "field"), EVERY)
def test_the_survey_judges_as_the_readers_do(table: str, field: str) -> None:
    """What a survey calls readable the reader reads, what it calls unreadable the reader does not, for every field."""
    for value in (*GOOD.values(), True, -1, 1.5, {}, [7], "no time"):
        unread: list[str] = []
        row = row_of(table, **{FIELDS[table][field][0]: value})
        try:
            READERS[table](row, CONTRACT, **({} if table in ("change", "job", "sms") else {"unreadable": told(unread)}))
        except ProviderError:
            unread.append(f"{table}.{field}")
        assert (f"{table}.{field}" in unread) is (not reads(kind_of(table, field), value)), (field, value)


def told(unread: list[str]) -> Any:
    return lambda field, _whose: unread.append(field)


@pytest.mark.parametrize("table", READERS)
def test_what_is_needed_is_what_the_readers_insist_on(table: str) -> None:
    """Without a needed field nothing can be made of a row, and without any other one something can."""
    for field, keys in FIELDS[table].items():
        row = {key: value for key, value in row_of(table).items() if key not in keys}
        needed = field in NEEDED.get(table, ())
        if needed:
            with pytest.raises(ProviderError):
                READERS[table](row, CONTRACT)
        else:
            READERS[table](row, CONTRACT)
        assert (survey([row], table, CONTRACT).lost == 1) is needed


def test_the_simulators_sims_have_no_gap() -> None:
    """Where everything is as we expect it, nothing is missing, unknown or wrong, and nothing is advised."""
    found = survey([FLEET.sim(n) for n in range(30)], "sim", CONTRACT)

    assert not is_wrong(found)
    assert not has_gaps(found)
    assert in_detail(found) == []
    assert advise(found) == ()
    assert in_short(found, many=True) == "30 rows, all 27 fields found"


def test_each_gap_is_named_and_counted() -> None:
    """Missing, unreadable, unknown: each has its line, what is needed first, with the rows it is about."""
    rows: list[object] = [row_of("sim", status="ACTIVATED") for _ in range(3)]
    rows[0] = row_of("sim", status="FROZEN", cycleUsageBytes="7", brandNew=None)
    rows[1] = {key: value for key, value in row_of("sim", status="RETIRED").items() if key != "giccid"}
    for row in rows:
        del row["imei"]  # type: ignore[attr-defined]  # they are all dicts

    found = survey(rows, "sim", CONTRACT)

    assert in_detail(found) == [
        "sim: NEEDED, missing in 1 of 3 rows: giccid (“giccid”)",
        "sim: cannot be read in 1 of 3 rows: usage_bytes (“cycleUsageBytes”), a text that is not a whole number from 0",
        "sim: nice to have, not found: imei (“imei”)",
        "sim: NEEDED, unknown words of status: “FROZEN” (1 row)",
        "sim: unknown keys: brandNew (nothing)",
    ]
    assert found.lost == 1
    assert is_wrong(found)
    assert in_short(found, many=True) == "3 rows, 22 of 25 fields found"


def test_a_null_is_a_key_that_came() -> None:
    """A field that is empty in every row is found: the key is right, there is only nothing in it."""
    found = looked_at(row_of("sim", status="ACTIVATED", imei=None, sharePool=None))

    assert found.missing == ()
    assert not has_gaps(found)


def test_small_parts_are_not_worth_an_alarm() -> None:
    """An APN without its name costs the APN alone, an account of the enterprise without one the whole answer."""
    assert not is_wrong(looked_at(row_of("sim", status="ACTIVATED", apns=[{"label": "iot"}])))
    assert is_wrong(looked_at(row_of("enterprise", accounts=[{"label": "acme"}]), "enterprise"))


def test_rows_that_are_no_objects() -> None:
    """A list of something else is a list of rows of which nothing can be made."""
    found = survey(["a", None, 7], "sim", CONTRACT)

    assert found.lost == 3
    assert is_wrong(found)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from([key for keys in FIELDS["sim"].values() for key in keys]) | st.text(max_size=12)


@given(rows=st.lists(JSON | st.dictionaries(KEYS, JSON, max_size=8), max_size=4), table=st.sampled_from(list(READERS)))
def test_anything_can_be_surveyed(rows: list[object], table: str) -> None:
    """Whatever comes, there is a survey of it, its words are lines, and what it advises is TOML."""
    found = survey(rows, table, CONTRACT)

    lines = [in_short(found, many=True), *in_detail(found)]
    assert all(line.isprintable() for line in lines)
    tomllib.loads("\n".join(as_toml(advise(found))))


@given(st.integers(10**9, 10**22), st.text(min_size=41, max_size=60))
def test_no_value_is_shown(number: int, text: str) -> None:
    """A long number and a long text are shown neither as a key nor as a word, wherever they stand."""
    row = row_of("sim", status=text, **{str(number): 1, text: 2}) | {"apns": [{"apn": "x", "status": str(number)}]}
    found = looked_at(row)

    shown = "\n".join([*in_detail(found), *as_toml(advise(found))])
    assert str(number) not in shown
    assert text not in shown


def test_many_different_words_are_no_words_of_a_list() -> None:
    """A status that is another one in each row comes from a wrong key: it may be a name, and is not shown."""
    rows = [row_of("sim", status=f"name {chr(65 + n)}") for n in range(11)]

    found = survey(rows, "sim", CONTRACT)

    assert any("11 different ones, which look like no words of a list" in line for line in in_detail(found))
    assert "name" not in "".join(as_toml(advise(found)))


# What is advised


@pytest.mark.parametrize(
    ("table", "field", "theirs", "value"),
    [
        ("sim", "status", "simState", "ACTIVATED"),
        ("sim", "status", "lifecycleStatus", "ACTIVATED"),
        ("sim", "giccid", "simNumber", "8949212600000000001"),
        ("sim", "giccid", "GICCID", "8949212600000000001"),
        ("sim", "usage_bytes", "usedBytesInCycle", 7),
        ("sim", "plan_expires_at", "packageExpiry", "2026-11-22T08:30:00Z"),
        ("sim", "account", "account", "acme"),
        ("sim", "account", "account_name", "acme"),
        ("plan", "name", "planName", "iot-100"),
        ("account", "plans", "packages", ["iot-100"]),
    ],
)
def test_a_key_of_a_fitting_name_and_type(table: str, field: str, theirs: str, value: object) -> None:
    """A key that looks like ours and holds what ours would hold is advised, behind the keys we know."""
    old = FIELDS[table][field][0]
    row = {key: value for key, value in row_of(table, status="ACTIVATED").items() if key != old}

    found = looked_at(row | {theirs: value}, table)

    assert Keys(table, field, (*FIELDS[table][field], theirs)) in advise(found)


@pytest.mark.parametrize(
    ("theirs", "value"),
    [("usedBytesInCycle", "7"), ("usedBytesInCycle", None), ("remark", 7), ("cycleUsageBytes2026112200", 7)],
)
def test_what_does_not_fit_is_not_advised(theirs: str, value: object) -> None:
    """A key of another type, of no value, of another name or with a number in it is no advice."""
    row = {key: value for key, value in row_of("sim", status="ACTIVATED").items() if key != "cycleUsageBytes"}

    assert advise(looked_at(row | {theirs: value})) == ()


def test_a_key_is_advised_once() -> None:
    """Where two fields are missing and one key fits both, the likelier field gets it."""
    row = {k: v for k, v in row_of("sim", status="ACTIVATED").items() if k not in {"cycleUsageBytes", "cycleSmsCount"}}

    advice = advise(looked_at(row | {"usageBytes": 7}))

    assert advice == (Keys("sim", "usage_bytes", ("cycleUsageBytes", "usageBytes")),)


def test_a_key_that_holds_something_else_stands_behind() -> None:
    """Where our key is there with something else in it, the advised one has to be looked under first."""
    row = row_of("sim", status=3, statusName="ACTIVATED")

    assert advise(looked_at(row)) == (Keys("sim", "status", ("statusName", "status")),)


def test_the_lines_are_whole_and_each_stands_once() -> None:
    """Advice of several reads becomes one block in which no table and no setting stands twice."""
    listed = next(e for e in ENDPOINTS if e.name == "listSharePools")
    advice = [Keys("sim", "plan", ("a", 'b"')), Word("status", "ÄUSSERST AUS"), Address(listed)]

    lines = as_toml([*advice, *advice, Keys("sim", "pool", ("c",))])

    read = tomllib.loads("\n".join(lines))["smarthub"]
    assert read["fields"]["sim"] == {"plan": ["a", 'b"'], "pool": ["c"]}
    assert read["enums"]["status"] == {"ÄUSSERST AUS": "?"}
    assert read["operations"]["listSharePools"] == {"path": "?"}
    assert as_toml([]) == []


def test_advice_becomes_a_contract_that_has_no_gap() -> None:
    """What is advised, taken over as it stands, closes the gap it was advised for."""
    renamed = [json.loads(json.dumps(FLEET.sim(n)).replace('"status"', '"simState"')) for n in range(30)]
    before = survey(renamed, "sim", CONTRACT)
    fields = tomllib.loads("\n".join(as_toml(advise(before))))["smarthub"]["fields"]

    after = survey(renamed, "sim", replace(CONTRACT, fields=contract(fields=fields).fields))

    assert is_wrong(before)
    assert not has_gaps(after)
    assert set(KINDS) == set(GOOD)
