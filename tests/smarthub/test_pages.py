"""Pages of SIMs: the quick look at a row and the careful one come to the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.errors import ProviderError
from bot.rules.sims import Sim
from bot.simulator.fleet import Fleet
from bot.smarthub.contract import FIELDS, Contract, contract
from bot.smarthub.paging import read_page
from bot.smarthub.sims import number_in, read_sim
from bot.smarthub.structs import plain_reader
from bot.smarthub.wire import Rows, read_json

FLEET = Fleet(1000, lambda: datetime(2026, 11, 22, 8, tzinfo=UTC))
OURS = contract()
CONTRACTS = {
    "ours": OURS,
    "other names": contract(fields={"sim": {"plan": ["package"], "usage_bytes": ["used"]}, "apn": {"name": ["x"]}}),
    "second names": contract(
        fields={
            "sim": {"iccid": ["cardNumber", "iccid"], "custom1": ["label", "custom1"], "pool": ["a", "b", "sharePool"]},
            "addon": {"name": ["title", "name"]},
            "apn": {"enabled": ["on", "status"]},
        }
    ),
    "one key for two": contract(fields={"sim": {"giccid": ["iccid"], "msisdn": ["imsi", "msisdn"]}}),
    "a key for a text and a number": contract(fields={"sim": {"imei": ["cycleSmsCount"]}}),
    "an odd key": contract(fields={"sim": {"country": ['a "quoted\\" \n key']}}),
    "own words": contract(enums={"status": {"GONE": "retired"}, "apn_status": {"": "on", "YES": "on"}}),
}
KEYS = sorted(
    {key for table in ("sim", "addon", "apn") for keys in FIELDS[table].values() for key in keys}
    | {"package", "used", "x", "cardNumber", "label", "a", "b", "title", "on", "more"}
)
TIMES = ("2026-11-22T08:30:00+0000", "2026-11-22T08:30:00.9999999Z", "2026-11-22T08:30:00+08:00",
         "2026-W47-7T08:30:00Z", "2026-11-22 08:30:00Z", "2026-11-22t08:30:00z", "2026-11-22T08:30:00",
         "2026-11-22T23:59:60Z",
         "0001-01-01T00:00:00+08:00", "2026-11-22T08:30:00+14:59", "2026-11-22T08:30:00+15:00")  # fmt: skip
ODD = st.sampled_from(
    (
        *(None, True, False, 0, 1, -1, -0.0, 1.0, 1.5, 1e300, float("inf"), 2**63 - 1, 2**63, 2**64, 10**30, [], {}),
        *("", " ", "x", "GONE", "YES", "ACTIVATED", "ENABLED", "8949212600000000001", "1" * 40, "12/34", "١٢٣", "\x00"),
        *("物联网卡", "\ud800", "\ud83d\ude00", "<!channel>", *TIMES),
    )
) | st.text(max_size=3)
NESTED = st.dictionaries(st.sampled_from(KEYS), ODD, max_size=4)
VALUE = ODD | st.lists(ODD | NESTED, max_size=2) | NESTED
CHANGED = st.builds(lambda n, odd: {**FLEET.sim(n), **odd}, st.integers(0, 50), st.dictionaries(
    st.sampled_from(KEYS), VALUE, max_size=3))  # fmt: skip
LACKING = st.builds(lambda row, gone: {k: v for k, v in row.items() if k not in gone}, CHANGED, st.sets(
    st.sampled_from(KEYS), max_size=4))  # fmt: skip
ROWS = st.lists(CHANGED | LACKING | VALUE, max_size=4)
Told = list[tuple[object, ...]]


def quickly(rows: list[object], ours: Contract) -> tuple[tuple[Sim, ...], int, Told]:
    """A page as it is read: the SIMs, how many are left out, and all that is told on the way."""
    told: Told = []
    page = read_page(
        Rows(rows),
        1,
        ours,
        unreadable=lambda *what: told.append(what),
        skipped=lambda number, why: told.append((number, str(why))),
    )
    return page.sims, page.skipped, told


def carefully(rows: list[object], ours: Contract) -> tuple[tuple[Sim, ...], int, Told]:
    """The same, with each row read field by field."""
    found: list[Sim] = []
    told: Told = []
    for row in rows:
        try:
            found.append(read_sim(row, ours, keep_raw=False, unreadable=lambda *what: told.append(what)))
        except ProviderError as error:
            told.append((number_in(row, ours), str(error)))
    return tuple(found), len(rows) - len(found), told


def in_full(sims: tuple[Sim, ...]) -> list[object]:
    """Every field with its type, as 1, 1.0 and True are equal, and so are two times in different zones."""
    return [repr(sim) + repr(sim.raw) + repr([getattr(sim, name) for name in Sim.__dataclass_fields__]) for sim in sims]


@pytest.mark.parametrize("names", CONTRACTS)
@given(rows=ROWS)
@example(rows=[{**FLEET.sim(1), "imsi": "\ud83d", "msisdn": "\ude00"}])
@example(rows=[{**FLEET.sim(1), "apns": [{"apn": "a", "status": "\ud800"}, {"apn": ""}, {"apn": "b", "status": ""}]}])
@example(rows=[{**FLEET.sim(1), "sharePool": None, "b": "second", "a": None}])
@example(rows=[{**FLEET.sim(1), "supplementaryServicePackages": [{"title": None, "name": "n", "totalBytes": 1.0}]}])
def test_both_looks_come_to_the_same(names: str, rows: list[object]) -> None:
    """Whatever stands in a row and however the operator named its keys: the same SIMs, the same left out, the same
    told, in the same order."""
    quick, careful = quickly(rows, CONTRACTS[names]), carefully(rows, CONTRACTS[names])

    assert quick == careful
    assert in_full(quick[0]) == in_full(careful[0])


def test_a_row_as_documented_needs_one_look() -> None:
    """The quick look reads every SIM of the simulator, also by other names and beside second ones."""
    plain = plain_reader(OURS)

    assert [plain(FLEET.sim(n)) for n in range(1000)] == [read_sim(FLEET.sim(n), OURS) for n in range(1000)]
    second, bare = (
        plain_reader(CONTRACTS["second names"]),
        FLEET.sim(1) | dict.fromkeys(("iccid", "custom1", "sharePool")),
    )
    assert second({**bare, "apns": [{"apn": "a"}]}) is not None
    for odd in ({"iccid": "second"}, {"apns": [{"apn": "a", "status": "x"}]}, {"apns": None, "cycleUsageBytes": "12"}):
        assert second({**bare, "apns": None, **odd}) is None


def test_a_contract_is_prepared_once() -> None:
    """Another contract of the same content reads with what was made for the first one."""
    assert plain_reader(contract()) is plain_reader(OURS)
    assert plain_reader(CONTRACTS["own words"]) is not plain_reader(OURS)


# --- bodies ---

SCRAPS = st.sampled_from(
    (
        *(
            b"{",
            b"}",
            b"[",
            b"]",
            b",",
            b":",
            b'"',
            b"\\",
            b'"a":',
            b"a",
            b" ",
            b"\t",
            b"null",
            b"true",
            b"NaN",
            b"Infinity",
        ),
        *(b"1", b"-", b"0", b".", b"e9", b"1e999", b"1" * 20, b"1" * 5000, b"\\ud83d", b"\\ude00", b"\\u0000"),
        *(b"\xff", b"\xed\xa0\x80", b"\x01", b"\x7f", b"\xef\xbb\xbf", b"\xc3\xa9"),
    )
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def as_python_reads(body: bytes) -> object:
    """What the standard library makes of it, without the numbers that are none."""

    def no_number(word: str) -> Mapping[str, object]:
        raise ValueError(word)

    try:
        return json.loads(body, parse_constant=no_number)
    except (ValueError, RecursionError):
        return ProviderError


@given(
    body=st.lists(SCRAPS, max_size=8).map(b"".join)
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.sampled_from(("utf-16", "utf-8-sig", "utf-32")).map('{"a": "é"}'.encode)
)
@example(body=b'{"a":"\\ud800","a":1}')
@example(body=b'["\xed\xa0\x80"]')
@example(body=b"[" * 100_000)
@example(body=b"[" + b"9" * 5000 + b"]")
@example(body=b"[-0, -0.0, 1e5, 18446744073709551616, 1e400, 2.5e-324]")
def test_a_body_says_what_the_standard_library_reads(body: bytes) -> None:
    """What is quick with most bodies takes nothing for JSON that was none before, and refuses nothing that was some."""
    try:
        read = read_json(body)
    except ProviderError:
        read = ProviderError

    assert repr(read) == repr(as_python_reads(body))
