"""A notification becomes what it says, or is kept with the reason why it does not say it; nothing raises."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rules.events import EVENTS, Fact, Push
from bot.smarthub.contract import contract
from bot.smarthub.pushes import FACTS, read_push

CONTRACT = contract()
SAMPLES = Path(__file__).parents[1] / "samples" / "pushes"
GICCID = "8949212600000000142"


def read(body: object, name: str = "mo-sms") -> Push:
    """The push with this body: bytes as they are, anything else as JSON."""
    return read_push(name, body if isinstance(body, bytes) else json.dumps(body).encode(), CONTRACT)


def at(hour: int, minute: int, second: int = 0, *, day: int = 22) -> datetime:
    """A moment in the samples' month."""
    return datetime(2026, 11, day, hour, minute, second, tzinfo=UTC)


# For each event its sample's key, moment and facts.
SAID: dict[str, tuple[str, datetime, dict[str, Fact]]] = {
    "mo-sms": ("digest", at(8, 30), {"text": "BATT 12% LOW – Tür offen", "sms_id": "mo-20261122-0001"}),
    "mt-sms-status": ("digest", at(8, 31, 5), {"sms_id": "sms-000001", "status": "delivered"}),
    "cycle-usage": (
        "id:cycle-usage/evt-000003",
        at(8, 32),
        {"cycle": "2026-11", "usage_bytes": 83_886_080, "threshold_bytes": 80_000_000},
    ),
    "imei-change": (
        "id:imei-change/evt-000004",
        at(8, 33),
        {"old": "490154203237518", "new": "356938035643809"},
    ),
    "no-session": ("id:no-session/evt-000005", at(8, 34), {"last_session_at": at(8, 34, day=20), "hours": 48}),
    "package-expired": (
        "id:package-expired/evt-000006",
        at(16, 0),
        {"plan": "iot-100", "expires_at": at(15, 59, 59, day=30)},
    ),
    "package-traffic": (
        "id:package-traffic/evt-000007",
        at(8, 36),
        {"plan": "xxxx资费01", "total_bytes": 104_857_600, "used_bytes": 83_886_080, "percent": 80},
    ),
    "sim-status-change": ("id:sim-status-change/evt-000008", at(8, 37), {"old": "active", "new": "suspended"}),
    "apn-status-change": (
        "id:apn-status-change/evt-000009",
        at(8, 38),
        {"apn": "iot.smarthub", "old": "on", "new": "off"},
    ),
}


@pytest.mark.parametrize("name", list(EVENTS))
def test_each_of_the_nine_is_read(name: str):
    """A realistic body of each event is read in full: whose, when, and every fact under our name."""
    body = (SAMPLES / f"{name}.json").read_bytes()
    key, happened_at, facts = SAID[name]
    push = read(body, name)

    assert push.flaw is None
    assert push.giccid == (None if name == "mt-sms-status" else GICCID)
    assert push.happened_at == happened_at
    assert dict(push.facts) == facts
    assert push.body == body
    assert push.name == name
    if key == "digest":
        assert push.key == f"digest:{hashlib.sha256(name.encode() + b'/' + body).hexdigest()}"
    else:
        assert push.key == key


def test_every_event_has_its_table():
    """What can be pushed can be read: the nine names are the same everywhere."""
    assert set(FACTS) == set(EVENTS) == set(SAID)


@pytest.mark.parametrize("name", list(EVENTS))
def test_only_a_delivery_report_may_name_no_sim(name: str):
    """A push without giccid is kept with that as its flaw; a delivery report is about an SMS and needs none."""
    for body in ({}, {"giccid": None}, {"giccid": ""}):
        push = read(body, name)

        assert push.giccid is None
        assert push.flaw == (None if name == "mt-sms-status" else "it names no SIM (giccid)")


@pytest.mark.parametrize("name", list(EVENTS))
def test_null_is_nothing(name: str):
    """A key sent as null is a fact we do not have, not a mistake."""
    nulls = {theirs: None for _, theirs, _ in FACTS[name]}
    push = read({**nulls, "giccid": GICCID, "eventId": None, "eventTime": None}, name)

    assert push.flaw is None
    assert push.facts == {}
    assert push.happened_at is None


@pytest.mark.parametrize(
    ("name", "key", "value", "flaw"),
    [
        ("mo-sms", "messageText", 7, "messageText: SmartHub sent a whole number where a text was expected."),
        ("mo-sms", "messageText", ["x"], "messageText: SmartHub sent a list where a text was expected."),
        ("mo-sms", "giccid", 8949212600000000142, "giccid: SmartHub sent a whole number where a text was expected."),
        ("mo-sms", "giccid", {"n": 1}, "giccid: SmartHub sent an object where a text was expected."),
        ("mo-sms", "eventId", 12, "eventId: SmartHub sent a whole number where a text was expected."),
        ("mo-sms", "accountName", False, "accountName: SmartHub sent yes or no where a text was expected."),
        ("cycle-usage", "usageBytes", "80", "usageBytes: SmartHub sent a text where a whole number from 0"),
        ("cycle-usage", "usageBytes", 1.5, "usageBytes: SmartHub sent a number where a whole number from 0"),
        ("cycle-usage", "usageBytes", -1, "usageBytes: SmartHub sent a whole number where a whole number from 0"),
        ("cycle-usage", "usageBytes", True, "usageBytes: SmartHub sent yes or no where a whole number from 0"),
        ("cycle-usage", "usageBytes", 2**63, "usageBytes: SmartHub sent a whole number where a whole number from 0"),
        ("no-session", "lastSessionTime", "2026-11-22T08:30:00", "lastSessionTime: SmartHub sent a text where a time"),
        ("no-session", "lastSessionTime", 1763800200, "lastSessionTime: SmartHub sent a whole number where a time"),
        ("no-session", "eventTime", "2026-02-30T08:30:00Z", "eventTime: SmartHub sent a time that is no moment"),
        ("package-expired", "expireTime", "9999-12-31T23:59:59-1400", "expireTime: SmartHub sent a time that is no"),
        ("sim-status-change", "newStatus", 3, "newStatus: SmartHub sent a whole number where a text was expected."),
    ],
)
def test_a_wrong_type_is_told(name: str, key: str, value: object, flaw: str):
    """A value of the wrong type is left out and named by SmartHub's key; what else was sent is still read."""
    push = read({"giccid": GICCID, "accountName": "acme", key: value}, name)

    assert push.flaw is not None
    assert flaw in push.flaw
    assert push.giccid == (None if key == "giccid" else GICCID)
    assert push.account == (None if key == "accountName" else "acme")


def test_all_that_is_wrong_is_told():
    """One flaw does not hide the next."""
    push = read({"eventTime": "noon", "usageBytes": "many", "cycleName": "2026-11"}, "cycle-usage")

    assert push.flaw is not None
    assert [part.split(":")[0] for part in push.flaw.split("; ")] == [
        "eventTime", "usageBytes", "it names no SIM (giccid)"
    ]  # fmt: skip
    assert push.facts == {"cycle": "2026-11"}


@pytest.mark.parametrize(
    ("body", "flaw"),
    [
        (b"", "It is not JSON."),
        (b"   ", "It is not JSON."),
        (b"<html>busy</html>", "It is not JSON."),
        (b"{", "It is not JSON."),
        (b'{"a": NaN}', "It is not JSON."),
        (b'{"a": ' + b"9" * 5000 + b"}", "It is not JSON."),
        (b"\xff\xfe\x00", "It is not JSON."),
        (b'{"giccid": "\xe9"}', "It is not JSON."),
        (b"[" * 100_000, "It is nested deeper than 32 levels, so it was not read."),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "It is nested deeper than 32 levels, so it was not read."),
        (b"[]", "It is JSON, but not an object."),
        (b"null", "It is JSON, but not an object."),
        (b'"giccid"', "It is JSON, but not an object."),
        (b"12", "It is JSON, but not an object."),
    ],
)
def test_what_is_no_object_is_kept_all_the_same(body: bytes, flaw: str):
    """Empty, broken, endless or not an object: kept as it came, under its digest, with a flaw that fits a push."""
    push = read(body)

    assert push.flaw == flaw
    assert push.body == body
    assert push.key.startswith("digest:")
    assert push.giccid is None
    assert push.facts == {}


@pytest.mark.parametrize("key", ["messageText", "giccid", "eventId", "accountName"])
def test_half_a_character_is_left_out(key: str):
    """A lone surrogate could not be stored or sent to Slack; it is named and left out, wherever it stands."""
    push = read(json.dumps({"giccid": GICCID, key: "a\ud800b"}).encode())

    assert push.flaw is not None
    assert f"{key}: SmartHub sent a text with a broken character." in push.flaw
    assert (push.key + str(push.facts) + str(push.giccid) + str(push.account)).encode()


def test_deep_nesting_inside_is_no_trouble():
    """Keys we do not know may hold anything."""
    push = read(b'{"giccid": "' + GICCID.encode() + b'", "extra": ' + b"[" * 31 + b"]" * 31 + b"}")

    assert (push.giccid, push.flaw) == (GICCID, None)


# What makes a repeat a repeat


def test_with_an_event_id_the_body_does_not_matter():
    """The same id is the same notification, however else it is written; another event with that id is another one."""
    one = read({"eventId": "e1", "giccid": GICCID})
    again = read({"giccid": GICCID, "messageText": "retry", "eventId": "e1"})
    other = read({"eventId": "e1", "giccid": GICCID}, "imei-change")

    assert one.key == again.key == "id:mo-sms/e1"
    assert other.key != one.key


@pytest.mark.parametrize("nothing", [None, "", 12, "\ud800", ["e1"]])
def test_without_a_usable_id_the_bytes_decide(nothing: object):
    """A missing, empty or unusable id never makes two different notifications one."""
    one = read({"eventId": nothing, "giccid": GICCID, "messageText": "one"})
    two = read({"eventId": nothing, "giccid": GICCID, "messageText": "two"})

    assert one.key.startswith("digest:")
    assert one.key != two.key
    assert one.key == read(one.body).key
    assert one.key != read(one.body, "imei-change").key


def test_an_id_cannot_pretend_to_be_a_digest():
    """Keys made from ids and from digests never meet, whatever the sender writes."""
    body = json.dumps({"giccid": GICCID}).encode()
    digest = read(body).key

    assert read({"eventId": digest, "giccid": GICCID}).key != digest


# Anything


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.text("\ud800\udfff0aZ:-")),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=6,
)
KEYS = st.sampled_from(sorted({theirs for table in FACTS.values() for _, theirs, _ in table} | {"giccid", "eventId"}))


def sound(push: Push, name: str, body: bytes) -> None:
    """What must hold of every push, whatever came."""
    assert (push.name, push.body) == (name, body)
    assert push.key
    assert push.flaw is None or push.flaw.strip()
    for fact in (push.key, push.giccid, push.account, push.flaw, *push.facts.values()):
        assert not isinstance(fact, str) or fact.encode() is not None
        assert not isinstance(fact, int) or 0 <= fact < 2**63
        assert not isinstance(fact, datetime) or fact.utcoffset() is not None
    assert push == read_push(name, body, CONTRACT)


@settings(deadline=None)
@given(name=st.sampled_from(list(EVENTS)), body=st.binary(max_size=200))
def test_any_bytes_are_a_push(name: str, body: bytes):
    """Whatever bytes come in, a push comes out, the same one each time."""
    sound(read_push(name, body, CONTRACT), name, body)


@settings(deadline=None)
@given(name=st.sampled_from(list(EVENTS)), value=st.one_of(JSON, st.dictionaries(KEYS, JSON, max_size=6)))
def test_any_json_is_a_push(name: str, value: object):
    """Whatever JSON comes in, under our keys too, a push comes out that can be stored."""
    body = json.dumps(value).encode()

    sound(read_push(name, body, CONTRACT), name, body)
