"""What is said of a line of a list: each verdict with its reason, and the digest of what is accepted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.lists import Line
from bot.rules.naming import NumberKind
from bot.rules.orders import Order
from bot.rules.sims import Apn, Operation, Sim, Status
from bot.rules.snapshot import Listed
from bot.rules.verdicts import Judged, Terms, Verdict, digest, is_iccid, judge, lost_digits

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
A, B = "8949212600000000001", "8949212600000000142"
SIM = Sim(A, Status.ACTIVE, "ACTIVATED", iccid=A, imsi="262030000000001", account="acme", plan="iot-1")
SUSPEND, RETIRE = Order(Operation.SUSPEND), Order(Operation.RETIRE)


def listed(sim: Sim = SIM, *, id: int = 1, label: str = "pump 7") -> Listed:
    """A SIM of the snapshot."""
    return Listed(id, sim, label, NOW)


def verdict(
    name: str, *hits: Listed, terms: Terms | None = None, kind: NumberKind | None = None, label: bool = False
) -> Judged:
    """What is said of a line that names this, which these SIMs are called."""
    return judge(Line(7, name, name, kind, label), hits, terms or Terms(SUSPEND), first={})


def test_accepted():
    """A SIM that fits is accepted, and what it is called and was goes with the line."""
    assert verdict(A, listed()) == Judged(7, A, Verdict.ACCEPTED, "", A, "pump 7", "active", "iot-1")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        (B, "No SIM that is known here has this number."),
        ("pump 8", "No SIM is called so, and there is no number of a SIM in it."),
        ("", "This line names no SIM: its column is empty."),
        ("x" * 201, "This is too long, or has no letter or digit"),
        ("8949212612345660000", "It ends in zeros, and a spreadsheet may have put them there."),
    ],
)
def test_unknown(name: str, why: str):
    """A line that names no SIM says which way it does not."""
    found = verdict(name)

    assert (found.verdict, found.giccid) == (Verdict.UNKNOWN, None)
    assert why in found.why


def test_of_another_kind():
    """A number that a SIM has as another kind than the heading says names no SIM, and the kind is said."""
    assert verdict(SIM.imsi or "", listed(), kind=NumberKind.IMSI).accepted
    assert "has this MSISDN" in verdict(SIM.imsi or "", listed(), kind=NumberKind.MSISDN).why
    odd = listed(replace(SIM, giccid="SIM-X1"))
    assert verdict("SIM-X1", odd, kind=NumberKind.ICCID).accepted
    assert verdict("pump 7", odd, kind=NumberKind.ICCID).verdict is Verdict.UNKNOWN


def test_ambiguous():
    """Of several SIMs that are called so none is taken, and some of them are named."""
    twins = [listed(replace(SIM, giccid=f"{A[:-1]}{n}", iccid=None), id=n, label="twin") for n in range(5)]

    found = verdict("twin", *twins)

    assert (found.verdict, found.giccid) == (Verdict.AMBIGUOUS, None)
    assert found.why == (
        f"Several SIMs are called so: “twin” ({A[:-1]}0), “twin” ({A[:-1]}1), “twin” ({A[:-1]}2) and more."
    )


def test_exactly_comes_first():
    """An ICCID as it is written is that SIM, also when another one would have it with another check digit."""
    longer = listed(replace(SIM, giccid=A + "5", iccid=None), id=2)

    assert verdict(A, longer, listed()).giccid == A
    assert verdict(A, longer).giccid == A + "5"


def test_twice():
    """A SIM that was named before is a duplicate, whatever came of it, and the first line is named."""
    line = Line(9, "pump 7", "pump 7")

    found = judge(line, [listed()], Terms(SUSPEND), first={A: (1_002, "8949 2126 0000 0000 001")})

    assert (found.verdict, found.giccid) == (Verdict.DUPLICATE, A)
    assert found.why == "The same SIM as in line 1,002, written there as “8949 2126 0000 0000 001”."
    assert judge(line, [listed()], Terms(SUSPEND), first={A: (2, "pump 7")}).why == "The same SIM as in line 2."


def test_protected():
    """A protected SIM is left out and named, also where the change would not fit it."""
    terms = Terms(Order(Operation.ACTIVATE), protected={A})

    assert verdict(A, listed(), terms=terms).verdict is Verdict.PROTECTED


@pytest.mark.parametrize(
    ("order", "sim", "why"),
    [
        (Order(Operation.ACTIVATE), SIM, "active already"),
        (RETIRE, SIM, "has to be suspended"),
        (SUSPEND, replace(SIM, status=None, status_word="<LIMBO>"), "“‹LIMBO›”"),
        (Order(Operation.PLAN, plan="iot-1"), SIM, "has the rate plan “iot-1” already"),
        (Order(Operation.PLAN, plan="iot-9"), replace(SIM, account="lab"), "“lab” has no rate plan “iot-9”"),
        (Order(Operation.ADDON, plan="iot-9"), replace(SIM, account="lab"), "“lab” has no add-on “iot-9”"),
        (Order(Operation.SET, custom=((1, ""),)), SIM, "read like this already"),
        (Order(Operation.SMS, text="x"), replace(SIM, status=Status.SUSPENDED), "to get an SMS"),
        (Order(Operation.APN, apn="a", enabled=True), replace(SIM, apns=(Apn("b", True),)), "no APN “a”"),
        (Order(Operation.APN, apn="a", enabled=True), replace(SIM, status=Status.RETIRED), "retired"),
    ],
)
def test_wrong_state(order: Order, sim: Sim, why: str):
    """A SIM that does not fit the change says why, in the words that one SIM alone would get."""
    found = verdict(A, listed(sim), terms=Terms(order, without_plan={"lab"}))

    assert found.verdict is Verdict.WRONG_STATE
    assert why in found.why


def test_apns_are_not_in_the_snapshot():
    """A SIM whose APNs are not known is accepted: whether it has this one shows when it is read for the change."""
    assert verdict(A, listed(), terms=Terms(Order(Operation.APN, apn="a", enabled=True))).accepted


def test_retiring_in_two_steps():
    """Where a retirement suspends first, an active SIM fits as well, and nothing else that did not."""
    terms = Terms(RETIRE, suspends_first=lambda sim: sim.account == "acme")

    assert verdict(A, listed(), terms=terms).accepted
    assert verdict(A, listed(replace(SIM, status=Status.SUSPENDED)), terms=terms).accepted
    assert not verdict(A, listed(replace(SIM, account="lab")), terms=terms).accepted
    assert not verdict(A, listed(replace(SIM, status=Status.RETIRED)), terms=terms).accepted


ROUNDED = "8949212612345660000"


@pytest.mark.parametrize(
    ("name", "hits", "lost"),
    [
        (ROUNDED, (), True),
        ("8949212612345670000", (), False),  # its check digit holds: a SIM that is not known here
        (ROUNDED, (listed(replace(SIM, giccid=ROUNDED)),), False),
        (ROUNDED, (listed(replace(SIM, iccid=ROUNDED)),), False),
        (ROUNDED, (listed(replace(SIM, giccid=ROUNDED[:-1], iccid=None)),), True),  # by another check digit
        (ROUNDED[:-1] + "1", (), False),
        (ROUNDED[:-1], (), False),  # fewer zeros than Excel would leave
        ("", (), False),
    ],
)
def test_lost_digits(name: str, hits: tuple[Listed, ...], lost: bool):
    """A number that ends in Excel's zeros is doubtful unless a SIM has exactly this one."""
    assert lost_digits(Line(1, name, name), hits) is lost


def test_what_smarthub_is_asked_for():
    """SmartHub is asked for whole ICCIDs alone."""
    assert is_iccid(Line(1, A, A))
    assert is_iccid(Line(1, A, A, NumberKind.ICCID))
    assert not is_iccid(Line(1, A, A, NumberKind.IMSI))
    assert not is_iccid(Line(1, A[:-4], A[:-4]))
    assert not is_iccid(Line(1, "pump", "pump"))


@given(st.sets(st.text("0123456789", min_size=1, max_size=22), min_size=1), st.data())
def test_a_digest_is_of_exactly_this(giccids: set[str], data: st.DataObject):
    """The digest is the same for the same order and SIMs, and another for any other."""
    some = sorted(giccids)
    made = digest(SUSPEND, some)

    assert len(made) == 64
    assert digest(Order(Operation.SUSPEND), iter(some)) == made
    assert digest(RETIRE, some) != made
    left_out = data.draw(st.sampled_from(some))
    assert digest(SUSPEND, [giccid for giccid in some if giccid != left_out]) != made
    assert digest(Order(Operation.PLAN, plan="a"), some) != digest(Order(Operation.PLAN, plan="b"), some)


@pytest.mark.parametrize("wrong", [["2", "1"], ["1", "1"], ["1", ""]])
def test_a_digest_wants_them_in_order(wrong: list[str]):
    """SIMs out of order, or twice, have no digest."""
    with pytest.raises(AssertionError):
        digest(SUSPEND, wrong)
