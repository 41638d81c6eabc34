"""What comes over the wire is read as it was meant, or refused in a sentence; it is never guessed and never crashes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import (
    AccessForbidden,
    BadInput,
    BotError,
    ChangeRefused,
    KeyRefused,
    NotFound,
    OutcomeUnknown,
    ProviderBusy,
    ProviderDown,
    ProviderError,
    SimNotFound,
)
from bot.rules.accounts import Account, Charge
from bot.rules.sims import Addon, Apn, Status
from bot.smarthub import accounts, addresses, sims, wire
from bot.smarthub.contract import contract
from bot.smarthub.paging import read_page
from bot.smarthub.problems import Subject, read_problem, refusal

CONTRACT = contract()
GICCID = "8949212600000000142"
SAMPLES = Path(__file__).parents[1] / "samples" / "smarthub"


def sample(name: str) -> bytes:
    """A stored answer."""
    return (SAMPLES / name).read_bytes()


# Times


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-11-22T08:30:00Z", datetime(2026, 11, 22, 8, 30, tzinfo=UTC)),
        ("2026-11-22T08:30:00+0800", datetime(2026, 11, 22, 0, 30, tzinfo=UTC)),
        ("2026-11-22T08:30:00+08:00", datetime(2026, 11, 22, 0, 30, tzinfo=UTC)),
        ("2026-11-22T08:30:00-0330", datetime(2026, 11, 22, 12, 0, tzinfo=UTC)),
        ("2026-11-22T08:30:00.250+0000", datetime(2026, 11, 22, 8, 30, 0, 250_000, tzinfo=UTC)),
    ],
)
def test_times_are_read_in_each_documented_form(written: str, meant: datetime):
    """A time with any zone becomes the same moment in UTC."""
    read = wire.read_time(written)

    assert read == meant
    assert read.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-22T08:30:00", "2026-11-22", "2026-11-22 08:30:00Z", "2026-13-01T00:00:00Z", "2026-11-22T25:00:00Z",
        "0001-01-01T00:00:00+1400", "2026-11-22T08:30:00+9900", "٢٠٢٦-11-22T08:30:00Z", "", 1763800000, True, None, [],
    ],
)  # fmt: skip
def test_a_time_that_is_not_clear_is_refused(written: object):
    """A time without a zone, or that is no moment at all, is refused and not taken for UTC."""
    with pytest.raises(ProviderError):
        wire.read_time(written)


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_written_time_reads_back(moment: datetime):
    """What we write, to the second, is what we read."""
    assert wire.read_time(wire.write_time(moment)) == moment.replace(microsecond=0)


def test_a_time_is_written_in_utc_and_never_without_a_zone():
    """SmartHub gets `+0000`, whatever zone we were given; a time without one is not sent."""
    berlin = timezone(timedelta(hours=1))
    assert wire.write_time(datetime(2026, 11, 22, 9, 30, tzinfo=berlin)) == "2026-11-22T08:30:00+0000"
    with pytest.raises(BadInput):
        wire.write_time(datetime(2026, 11, 22, 9, 30))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("2", 2.0), (" 120 ", 120.0), ("0", 0.0), ("Sun, 22 Nov 2026 08:00:30 GMT", 30.0),
        ("Sun, 22 Nov 2026 07:00:00 GMT", 0.0), ("soon", None), ("-3", None), ("1.5", None), ("²", None), ("", None),
        ("9" * 5000, None), (None, None),
    ],
)  # fmt: skip
def test_retry_after_in_seconds_and_as_a_date(header: str | None, seconds: float | None):
    """Both documented forms are read, a past date is no wait, and nonsense says nothing."""
    assert wire.read_retry_after(header, now=datetime(2026, 11, 22, 8, 0, tzinfo=UTC)) == seconds


# Addresses


def path(operation: str, /, **values: str) -> str:
    return addresses.address(CONTRACT.endpoints[operation], values, CONTRACT.endpoints)


def test_names_are_percent_encoded_as_utf8():
    """Chinese names, spaces and slashes in a name stay one segment of the address."""
    assert path("getAccount", name="xxxxx账户") == "/account/xxxxx%E8%B4%A6%E6%88%B7"
    assert path("listServicePackages", accountName="A/B & C?") == "/A%2FB%20%26%20C%3F/servicePackages"
    assert path("suspendSim", giccid=GICCID) == f"/global-sims/{GICCID}/deactivate"


@pytest.mark.parametrize(
    "giccid",
    ["", "..", "a/b", "89 49", "٨٩٤٩٢١٢٦٠٠", "8" * 200, "8949?x=1", "8949#", "8949\n", "8949%2F..", "-1", "८९४९"],
)
def test_what_is_no_number_of_a_sim_is_not_sent(giccid: str):
    """A slash, a space, foreign digits or 200 digits cannot make another address out of a SIM's."""
    with pytest.raises(BadInput):
        path("getSim", giccid=giccid)


@pytest.mark.parametrize("name", ["", ".", "..", "a\nb", "x" * 201, "\u202eevil"])
def test_a_name_that_is_no_name_is_not_sent(name: str):
    """Dots that climb, control characters and endless names are refused."""
    with pytest.raises(BadInput):
        path("getAccount", name=name)


@pytest.mark.parametrize("name", ["account", "global-sims", "enterprise"])
def test_an_account_named_like_an_address_is_refused(name: str):
    """An account called `account` would read as /account/{name}: said so, instead of asking for something else."""
    with pytest.raises(BadInput, match=name):
        path("listServicePackages", accountName=name)


# SIMs


def test_a_sim_is_read_whole():
    """Every field of a SIM arrives with its type, and what nobody told us of is kept in `raw`."""
    sim = sims.read_sim(wire.read_object(sample("sim-active.200.json")), CONTRACT)

    assert (sim.giccid, sim.status, sim.status_word, sim.account) == (GICCID, Status.ACTIVE, "ACTIVATED", "xxxxx账户")
    assert sim.plan_expires_at == datetime(2027, 3, 1, 15, 59, 59, tzinfo=UTC)
    assert sim.activated_at == datetime(2025, 1, 7, 0, 30, tzinfo=UTC)
    assert (sim.usage_bytes, sim.quota_bytes, sim.sms_count) == (42_960_000, 100_000_000, 2)
    expires = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert sim.addons == (Addon("addon-100", 100_000_000, 4_000_000, expires),)
    assert sim.apns == (Apn("iot.smarthub", True), Apn("private.acme", None))
    assert sim.custom == ("Berlin meter 014", "", None, "站点 7", None)
    assert sim.pool is None
    assert sim.raw["esimProfile"] == {"eid": "89049032000000000000000000000001"}


def test_an_unknown_status_is_kept_as_it_came():
    """A word in no table is no state of ours, and still shown."""
    sim = sims.read_sim(wire.read_object(sample("sim-unknown-status.200.json")), CONTRACT)

    assert (sim.status, sim.status_word) == (None, "PAUSED_BY_CARRIER")


def test_the_operators_keys_and_words_are_used():
    """What the configuration says about keys and words decides what is read."""
    own = contract(
        fields={"sim": {"status": ["simState"], "usage_bytes": ["data", "cycleUsageBytes"]}},
        enums={"status": {"PAUSED": "suspended"}},
    )
    row = {"giccid": GICCID, "simState": "PAUSED", "status": 7, "data": None, "cycleUsageBytes": 5}

    sim = sims.read_sim(row, own)

    assert (sim.status, sim.usage_bytes) == (Status.SUSPENDED, 5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"giccid": 8949}, {"giccid": ""}, {"giccid": None}, {"giccid": "8949/../.."}, {"giccid": "\ud800"},
        {"status": None}, {"status": 3}, {"status": {}}, {"status": "\ud800"},
    ],
)  # fmt: skip
def test_number_and_state_are_refused_and_not_guessed(wrong: dict[str, object]):
    """Without its number or its state a SIM is an error that a person can read and that does not repeat the value."""
    with pytest.raises(ProviderError, match=r"SmartHub.*\.$") as caught:
        sims.read_sim({"giccid": GICCID, "status": "ACTIVATED", **wrong}, CONTRACT)

    assert "8949/" not in str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"cycleUsageBytes": True}, ["sim.usage_bytes"]), ({"cycleUsageBytes": -1}, ["sim.usage_bytes"]),
        ({"cycleUsageBytes": "12"}, ["sim.usage_bytes"]), ({"cycleUsageBytes": 1.0}, ["sim.usage_bytes"]),
        ({"cycleUsageBytes": 2**63}, ["sim.usage_bytes"]), ({"cycleSmsCount": []}, ["sim.sms_count"]),
        ({"imsi": 26203, "imei": False}, ["sim.imsi", "sim.imei"]), ({"iccid": {}}, ["sim.iccid"]),
        ({"custom1": [7], "custom2": {"a": 1}}, ["sim.custom1", "sim.custom2"]), ({"custom1": True}, ["sim.custom1"]),
        ({"custom1": "\ud800"}, ["sim.custom1"]), ({"custom5": float("inf")}, ["sim.custom5"]),
        ({"lastSessionTime": "2026-11-22T08:30:00"}, ["sim.last_session_at"]),
        ({"lastSessionTime": 1763800000}, ["sim.last_session_at"]), ({"apns": {}}, ["sim.apns"]),
        ({"apns": [3, 4]}, ["sim.apns"]), ({"apns": [{"status": "ENABLED"}]}, ["sim.apns"]),
        ({"supplementaryServicePackages": "none"}, ["sim.addons"]),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_not_known_and_hides_no_sim(wrong: dict[str, object], fields: list[str]):
    """Any other value of the wrong type is not known; its field is told once with the SIM's number, never its value."""
    told: list[tuple[str, str]] = []
    bare = {"giccid": GICCID, "status": "ACTIVATED"}

    sim = sims.read_sim({**bare, **wrong}, CONTRACT, unreadable=lambda field, whose: told.append((field, whose)))

    assert sim == sims.read_sim(bare, CONTRACT)
    assert told == [(field, GICCID) for field in fields]


def test_one_odd_member_leaves_the_others():
    """Of addons and APNs those that can be read arrive, with what can be read of them."""
    told: list[str] = []
    row = {
        "giccid": GICCID, "status": "ACTIVATED",
        "supplementaryServicePackages": [{"name": "a", "totalBytes": -5, "usedBytes": 3}, 7, {"name": "b"}],
        "apns": [{"apn": "iot", "status": 1}, {"apn": 2}],
    }  # fmt: skip

    sim = sims.read_sim(row, CONTRACT, unreadable=lambda field, _: told.append(field))

    assert sim.addons == (Addon("a", None, 3), Addon("b"))
    assert sim.apns == (Apn("iot", None),)
    assert told == ["addon.total_bytes", "sim.addons", "apn.enabled", "sim.apns"]


@pytest.mark.parametrize(("sent", "shown"), [(12345, "12345"), (0, "0"), (1.5, "1.5"), (10**400, str(10**400))])
def test_a_number_in_a_custom_field_is_shown(sent: float, shown: str):
    """A custom field is free text to people, so a number in it is shown as it is written."""
    row = {"giccid": GICCID, "status": "ACTIVATED", "custom2": sent}

    assert sims.read_sim(row, CONTRACT).custom == (None, shown, None, None, None)
    assert sims.read_custom(row, CONTRACT) == (None, shown, None, None, None)


def test_custom_fields_that_will_be_sent_back_are_not_lost():
    """The five fields read on their own are refused where one cannot be read: as “not set” it would be overwritten."""
    with pytest.raises(ProviderError, match=r"\(in “custom3”\)\.$"):
        sims.read_custom({"custom3": ["a"]}, CONTRACT)


def test_a_missing_field_names_its_setting():
    """Where SmartHub calls a field something else, the sentence says what to write in the configuration."""
    with pytest.raises(ProviderError, match=r"no “status”.*\[smarthub\.fields\.sim\] status"):
        sims.read_sim({"giccid": GICCID}, CONTRACT)


WORDS = st.text(alphabet="aZ9é账-:T+ \ud800\x00", max_size=20) | st.just("2026-11-22T08:30:00Z")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "apn", "status"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([k[0] for k in CONTRACT.fields["sim"].values()]), JSON))
def test_no_object_crashes_the_reader(row: dict[str, object]):
    """Whatever the values are, the answer is a SIM whose numbers are not negative, or a ProviderError."""
    try:
        sim = sims.read_sim({"giccid": GICCID, "status": "ACTIVATED", **row}, CONTRACT)
    except ProviderError:
        return
    assert sim.usage_bytes is None or 0 <= sim.usage_bytes < 2**63
    assert all(t is None or t.utcoffset() == timedelta(0) for t in (sim.last_session_at, sim.plan_expires_at))


@given(st.binary(max_size=200))
def test_no_body_crashes_the_reader(body: bytes):
    """Whatever bytes come, reading them gives rows, a problem, or a ProviderError."""
    read_problem(body)
    try:
        rows = wire.read_rows(body, CONTRACT)
    except ProviderError:
        return
    read_page(rows, 1, CONTRACT)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[" * 100_000, b"NaN", b"1" * 5000, b"\xff\xfe{}", sample("login.200.html")]
)
def test_what_is_not_json_is_said_so(body: bytes):
    """Empty, cut off, endlessly nested, not a number, a web page: all are one kind of error."""
    with pytest.raises(ProviderError, match="base_url"):
        wire.read_json(body)


def test_the_answer_may_spell_the_sim_otherwise():
    """The same SIM with or without its check digit is the one that was asked for, and another SIM is not."""
    sim = sims.read_sim({"giccid": GICCID, "status": "ACTIVATED"}, CONTRACT)

    assert [sims.is_about(sim, g) for g in (GICCID, GICCID[:-1], "8986042600000000017")] == [True, True, False]


def test_the_documented_account_is_read_whole():
    """The provider's own example of an account arrives field by field, Chinese names included."""
    account = accounts.read_account(wire.read_object(sample("account-documented.200.json")), CONTRACT)

    assert account == Account(
        name="xxxxx账户",
        charge=Charge.PREPAID,
        charge_word="PREPAID",
        status="ENABLED",
        renewal="DISABLE_CARD",
        cycle="2023-03",
        plans=("xxxx资费01", "xxxx资费02"),
        skus=("xxx卡品01", "xxx卡品02"),
    )


@pytest.mark.parametrize("wrong", [{"simSkus": "one"}, {"servicePackages": [3]}, {"chargeType": 1}, {"status": []}])
def test_an_account_is_not_guessed_at(wrong: dict[str, object]):
    """What cannot be read of an account is not known, its name is needed, and an unknown way of paying is kept."""
    assert accounts.read_account({"name": "a", **wrong}, CONTRACT) == Account("a")
    with pytest.raises(ProviderError):
        accounts.read_account({"name": 3}, CONTRACT)

    account = accounts.read_account({"name": "a", "chargeType": "BARTER"}, CONTRACT)
    assert (account.charge, account.charge_word) == (None, "BARTER")


# Lists


def test_lists_in_both_envelopes():
    """A bare array is a list, and so is the one array member of an object."""
    assert len(wire.read_rows(sample("sims-bare.200.json"), CONTRACT).rows) == 1
    rows = wire.read_rows(sample("sims-page.200.json"), CONTRACT)
    assert (len(rows.rows), rows.total, rows.page_size) == (4, 4, 100)


@pytest.mark.parametrize("body", [sample("sims-two-lists.200.json"), b"{}", b'{"a": 1}', b'"x"', b"null", b"3"])
def test_an_envelope_with_no_list_or_two_is_refused(body: bytes):
    """With no array or several it is not clear what to read, so nothing is."""
    with pytest.raises(ProviderError):
        wire.read_rows(body, CONTRACT)


def test_one_bad_row_does_not_hide_the_rest():
    """A row that cannot be read is counted, and the others of its page arrive, without the raw answer."""
    page = read_page(wire.read_rows(sample("sims-page.200.json"), CONTRACT), 3, CONTRACT)

    assert (page.number, page.skipped, len(page.sims)) == (3, 1, 3)
    assert all(not sim.raw for sim in page.sims)
    assert page.sims[1].usage_bytes is None


def test_left_out_rows_are_told_by_their_number():
    """Each row left out is told with its number where that can be read, and why; each odd field with its SIM."""
    left: list[tuple[str | None, str]] = []
    fields: list[tuple[str, str]] = []
    rows = wire.Rows([{"giccid": GICCID, "status": 3}, {"giccid": 7}, "x", {"giccid": "1", "status": "A", "imsi": 1}])

    page = read_page(
        rows,
        1,
        CONTRACT,
        unreadable=lambda field, whose: fields.append((field, whose)),
        skipped=lambda giccid, why: left.append((giccid, str(why))),
    )

    assert (page.skipped, [sim.giccid for sim in page.sims]) == (3, ["1"])
    assert [giccid for giccid, _ in left] == [GICCID, None, None]
    assert left[0][1] == "SmartHub sent a whole number where a text was expected (in “status”)."
    assert fields == [("sim.imsi", "1")]


# Problems


READ, CHANGE = CONTRACT.endpoints["getSim"], CONTRACT.endpoints["suspendSim"]


def error_of(name: str, *, change: bool = False) -> BotError:
    status = int(name.split(".")[1])
    return refusal(
        status,
        read_problem(sample(name)),
        endpoint=CHANGE if change else READ,
        contract=CONTRACT,
        about=Subject("SIM", GICCID),
        retry_after=7.0 if status == 429 else None,
    )


@pytest.mark.parametrize(
    ("name", "on_read", "on_change"),
    [
        ("not-an-object.400.json", ProviderError, ChangeRefused),
        ("wrong-key.401.json", KeyRefused, KeyRefused),
        ("forbidden.403.json", AccessForbidden, AccessForbidden),
        ("not-found.404.json", SimNotFound, SimNotFound),
        ("conflict.409.json", ProviderError, ChangeRefused),
        ("illegal-status.422.json", ProviderError, ChangeRefused),
        ("missing.422.json", SimNotFound, SimNotFound),
        ("invalid-custom-field.422.json", ProviderError, ChangeRefused),
        ("busy.429.json", ProviderBusy, ProviderBusy),
        ("maintenance.503.html", ProviderDown, OutcomeUnknown),
    ],
)
def test_each_refusal_is_an_error_of_ours(name: str, on_read: type[BotError], on_change: type[BotError]):
    """Each documented refusal becomes the error that says what it means, for a read and for a change."""
    assert type(error_of(name)) is on_read
    assert type(error_of(name, change=True)) is on_change


def test_a_refused_change_carries_the_code_and_the_field():
    """Whoever catches the refusal learns SmartHub's own word and what it was about."""
    error = error_of("illegal-status.422.json", change=True)

    assert isinstance(error, ChangeRefused)
    assert (error.code, error.field) == ("illegal_status", "status")
    assert "not in a state" in str(error)


def test_a_busy_answer_says_how_long():
    """The wait SmartHub asks for is in the error and in its sentence."""
    error = error_of("busy.429.json")

    assert isinstance(error, ProviderBusy)
    assert error.retry_after == 7.0
    assert "7 seconds" in str(error)


@pytest.mark.parametrize("status", [301, 302, 307, 408, 500, 502, 503, 504])
def test_a_change_that_may_have_been_done_is_unknown(status: int):
    """A redirect, a time-out or a crash at SmartHub does not tell whether the change was done."""
    error = refusal(status, read_problem(b""), endpoint=CHANGE, contract=CONTRACT)

    assert isinstance(error, OutcomeUnknown)


def test_long_words_are_shortened_and_put_on_one_line():
    """Pages of text with control characters become at most 300 characters on one line; HTML is left out."""
    body = json.dumps({"title": "Oh\u0007\n\n" + "no " * 5000}).encode()

    assert len(read_problem(body).words) == 300
    assert read_problem(body).words.startswith("Oh no no")
    assert read_problem(sample("maintenance.503.html")).words == ""


def test_foreign_words_mention_nobody():
    """What SmartHub says, in whichever member, pings no person and opens no code in our sentence; it stays readable."""
    evil = "<@U0123ABCD> `x` <!channel> & co"
    body = {"title": evil, "detail": evil, "errors": [{"code": evil, "field": evil, "resource": evil, "message": evil}]}
    problem = read_problem(json.dumps(body).encode())

    for status in (400, 401, 403, 404, 409, 422, 429, 500):
        for endpoint in (READ, CHANGE):
            error = refusal(status, problem, endpoint=endpoint, contract=CONTRACT, about=Subject("account", evil))
            assert not set(str(error)) & set("<>`")
            assert not isinstance(error, ChangeRefused) or not set(f"{error.code}{error.field}") & set("<>`")
    assert "‹@U0123ABCD› 'x'" in problem.words
    assert len(problem.words) <= 300


@pytest.mark.parametrize(
    "body", [b'{"errors": 3}', b'{"errors": [3, null, {"code": 5}]}', b'{"title": [], "detail": {}}', b"[]", b"\xff"]
)
def test_a_strange_problem_is_still_a_refusal(body: bytes):
    """However broken the words of a refusal are, it is told as a refusal."""
    error = refusal(422, read_problem(body), endpoint=CHANGE, contract=CONTRACT, about=Subject("SIM", GICCID))

    assert isinstance(error, ChangeRefused)


def test_a_404_at_a_guessed_address_names_the_setting():
    """Where the address itself is only assumed, the sentence says where to write the right one."""
    pools = CONTRACT.endpoints["listSharePools"]

    error = refusal(404, read_problem(b""), endpoint=pools, contract=CONTRACT, about=Subject("account", "acme"))

    assert type(error) is ProviderError
    assert "[smarthub.operations.listSharePools] path" in str(error)


def test_what_is_missing_beside_a_sim():
    """A missing account is not a missing SIM, and a missing plan in a change is a refusal that names it."""
    account = refusal(
        422, read_problem(b'{"errors": [{"resource": "account", "field": "name", "code": "missing"}]}'),
        endpoint=CONTRACT.endpoints["getAccount"], contract=CONTRACT, about=Subject("account", "acme"),
    )  # fmt: skip
    plan = refusal(
        422, read_problem(b'{"errors": [{"resource": "p", "field": "servicePackage", "code": "missing"}]}'),
        endpoint=CONTRACT.endpoints["changeBasicPackage"], contract=CONTRACT, about=Subject("SIM", GICCID),
    )  # fmt: skip

    assert type(account) is NotFound
    assert isinstance(plan, ChangeRefused)
    assert plan.field == "servicePackage"
