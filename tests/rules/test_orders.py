"""What is asked of a SIM: whether it fits, whether it shows afterwards, what takes it back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInput, NotPossible
from bot.rules.orders import Before, Order, changed_since, check, inverse, merged, reads, shows, to_detail
from bot.rules.sims import Addon, Apn, Operation, Sim, Status

SIM = Sim(
    giccid="8949212600000000142",
    status=Status.ACTIVE,
    status_word="ACTIVATED",
    plan="iot-10",
    apns=(Apn("internet", True), Apn("corp", False), Apn("odd", None)),
    addons=(Addon("boost"),),
    custom=("Pump 7", None, "x", None, None),
)
OFF = Order(Operation.APN, apn="internet", enabled=False)
ORDERS = [
    (Order(Operation.SUSPEND), "suspend", replace(SIM, status=Status.SUSPENDED), "suspended"),
    (Order(Operation.PLAN, plan="iot-100"), "change the rate plan to “iot-100”",
     replace(SIM, plan="iot-100"), "rate plan “iot-100”"),
    (Order(Operation.ADDON, plan="boost"), "order the add-on “boost”",
     replace(SIM, addons=(Addon("boost"),) * 2), "2 of the add-on “boost”"),
    (OFF, "switch the APN “internet” off", replace(SIM, apns=(Apn("internet", False),)), "APN “internet” off"),
    (Order(Operation.SET, custom=((1, "Pump 8"), (3, ""))), "set custom1 to “Pump 8”, custom3 to none",
     replace(SIM, custom=("Pump 8", None, None, None, None)), "custom1 “Pump 8”, custom3 none"),
]  # fmt: skip


@pytest.mark.parametrize(("order", "words", "after", "is_now"), ORDERS)
def test_an_order_shows_when_it_was_carried_out(order: Order, words: str, after: Sim, is_now: str):
    """Each order fits a SIM before it, is seen on it afterwards and not before, and is said in words."""
    before = Before.of(SIM)

    check(order, SIM)

    assert order.words == words
    assert shows(order, before, SIM) is False
    assert shows(order, before, after) is True
    assert reads(order, after) == is_now


def test_nothing_shows_an_sms():
    """Whether an SMS was sent cannot be read from a SIM, and that is not the same as no."""
    assert shows(Order(Operation.SMS, text="hi"), Before.of(SIM), SIM) is None


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (Order(Operation.PLAN, plan="iot-10"), "This SIM has the rate plan “iot-10” already."),
        (Order(Operation.APN, apn="internet", enabled=True), "The APN “internet” of this SIM is on already."),
        (Order(Operation.APN, apn="nope", enabled=True),
         "This SIM has no APN “nope”; its APNs: “internet”, “corp”, “odd”."),
        (Order(Operation.SET, custom=((1, "Pump 7"), (2, ""))), "These custom fields read like this already."),
        (Order(Operation.ACTIVATE), "This SIM is active already."),
    ],
)  # fmt: skip
def test_what_would_change_nothing_is_refused(order: Order, words: str):
    """An order that is carried out already, or cannot be, is refused with what there is instead."""
    with pytest.raises(NotPossible) as refusal:
        check(order, SIM)

    assert str(refusal.value) == words


@pytest.mark.parametrize("custom", [(), ((2, "x" * 201),)])
def test_fields_that_do_not_fit_are_refused(custom: tuple[tuple[int, str], ...]):
    """No field at all and a text that is too long are refused before anything is sent."""
    with pytest.raises(BadInput):
        check(Order(Operation.SET, custom=custom), SIM)


def test_what_changed_is_said():
    """A state, a plan or an APN that is not as it was is told in a sentence; what the order leaves alone is not."""
    now = replace(SIM, status=Status.SUSPENDED, plan="iot-1", apns=(), imei="35")

    assert changed_since(OFF, Before.of(SIM), now) == [
        "The state was active and is suspended.",
        "The rate plan was “iot-10” and is “iot-1”.",
        "The APN “internet” was on and is unknown.",
    ]
    assert changed_since(Order(Operation.SUSPEND), Before.of(SIM), replace(SIM, apns=(), imei="35")) == []
    renamed = replace(SIM, custom=("Pump 9", *SIM.custom[1:]))
    said = changed_since(Order(Operation.SET, custom=((1, "x"),)), Before.of(SIM), renamed)
    assert said == ["custom1 was “Pump 7” and is “Pump 9”."]


@pytest.mark.parametrize(
    ("order", "before", "back"),
    [
        (Order(Operation.SUSPEND), SIM, Order(Operation.ACTIVATE)),
        (Order(Operation.ACTIVATE), replace(SIM, status=Status.SUSPENDED), Order(Operation.SUSPEND)),
        (Order(Operation.ACTIVATE), replace(SIM, status=Status.READY), None),
        (Order(Operation.PLAN, plan="iot-100"), SIM, Order(Operation.PLAN, plan="iot-10")),
        (Order(Operation.PLAN, plan="iot-100"), replace(SIM, plan=None), None),
        (OFF, SIM, replace(OFF, enabled=True)),
        (Order(Operation.SET, custom=((1, "a"), (2, "b"))), SIM, Order(Operation.SET, custom=((1, "Pump 7"), (2, "")))),
        (Order(Operation.RETIRE), replace(SIM, status=Status.SUSPENDED), None),
        (Order(Operation.ADDON, plan="boost"), SIM, None),
        (Order(Operation.SMS, text="hi"), SIM, None),
    ],
)
def test_the_way_back(order: Order, before: Sim, back: Order | None):
    """What takes an order back brings what was there before; where nothing does, there is no way back."""
    assert inverse(order, Before.of(before)) == back


FIELD = st.one_of(st.none(), st.text(max_size=5))


@given(now=st.tuples(*[FIELD] * 5), wanted=st.dictionaries(st.integers(1, 5), st.text(max_size=5)))
def test_fields_nobody_named_stay(now: tuple[str | None, ...], wanted: dict[int, str]):
    """All five fields are sent: those that were named as wanted, an empty one as none, the others as they are."""
    sent = merged(Order(Operation.SET, custom=tuple(sorted(wanted.items()))), now)

    assert len(sent) == 5
    for number, value in enumerate(sent, 1):
        assert value == ((wanted[number] or None) if number in wanted else now[number - 1])


def test_an_order_as_data():
    """An order says in flat data what it takes and nothing else."""
    assert to_detail(OFF) == {"apn": "internet", "enabled": False}
    assert to_detail(Order(Operation.SET, custom=((2, "x"),))) == {"custom2": "x"}
    assert to_detail(Order(Operation.RETIRE)) == {}
