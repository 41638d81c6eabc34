"""The form of each change asks for what that change takes, and what is left alone in it stays as it is."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.orders import Order
from bot.rules.plans import Plan
from bot.rules.sims import Apn, Operation, Sim, Status
from bot.rules.wishes import from_form
from bot.views import orders as view
from tests.views.drawn import COUNT, MAYBE, TEXT, enough, sound_view
from tests.views.test_sims import SIM, SIMS

Fields = dict[str, dict[str, Any]]


def fields(operation: Operation, sim: Sim = SIM) -> Fields:
    """The fields of the form, by their names."""
    form = view.form(operation, sim, id=7, label="Pump 7")
    return {b["block_id"]: b for b in form["blocks"] if b["type"] == "input"}  # type: ignore[attr-defined] - a list of blocks


def sent_back(fields: Fields) -> dict[str, str]:
    """What comes when somebody opens the form and sends it as it is, by the names the flow gives the fields."""
    elements = {name.removeprefix("change."): field["element"] for name, field in fields.items()}
    return {name: e["initial_value"] for name, e in elements.items() if "initial_value" in e}


@pytest.mark.parametrize(
    ("operation", "asks", "tells"),
    [
        (Operation.ACTIVATE, [], "Pump 7"),
        (Operation.SUSPEND, [], "Pump 7"),
        (Operation.RETIRE, [], "A retired SIM can never be used again."),
        (Operation.PLAN, ["change.plan"], "Rate plan now: iot-100. Account: acme."),
        (Operation.ADDON, ["change.addon"], "Rate plan now: iot-100. Account: acme."),
        (Operation.APN, ["change.apn"], "Pump 7"),
        (Operation.SET, [f"change.custom{n}" for n in range(1, 6)], "an emptied field is emptied"),
        (Operation.SMS, ["change.text", "change.coding", "change.validity"], "It is sent once"),
    ],
)
def test_the_form_of_each_change(operation: Operation, asks: list[str], tells: str):
    """Each form asks for what its change takes and for a reason, names the SIM, and carries its row alone."""
    form = view.form(operation, SIM, id=7, label="Pump 7")

    assert list(fields(operation)) == [*asks, view.REASON]
    assert tells in str(form["blocks"])
    assert SIM.giccid in str(form["blocks"])
    assert (form["private_metadata"], form["callback_id"]) == ("7", f"change.{operation}")
    sound_view(form, kind="modal")


def test_every_change_has_a_form():
    """No change is forgotten."""
    assert set(view.TITLES) == set(Operation)


def test_what_can_be_switched():
    """An APN is offered the way it is not; one of which that is not known is offered both ways."""
    assert view.apn_choices(SIM) == [
        ("iot.smarthub: switch off", "off iot.smarthub"),
        ("corp: switch on", "on corp"),
        ("odd: switch on", "on odd"),
        ("odd: switch off", "off odd"),
    ]
    chosen = from_form(Operation.APN, {"apn": "on corp"}, custom=[""] * 5)
    assert chosen == Order(Operation.APN, apn="corp", enabled=True)


def test_a_plan_on_one_line():
    """A plan is offered with what it holds and what it costs, as far as that is known."""
    plan = Plan("iot-500", data_bytes=500_000_000, price=Decimal("1.50"), currency="EUR")

    assert view.plan_words(plan) == "iot-500 · 500.0 MB · 1.50 EUR"
    assert view.plan_words(Plan("bare")) == "bare"
    assert view.plan_words(replace(plan, currency=None)) == "iot-500 · 500.0 MB · 1.50"
    assert view.plan_words(replace(plan, price=Decimal("1E+3"), currency="a\nb")) == "iot-500 · 500.0 MB · 1000 a b"


CUSTOM = st.lists(MAYBE, min_size=5, max_size=5).map(tuple)


@enough
@given(custom=CUSTOM)
def test_what_is_left_alone_stays(custom: tuple[str | None, ...]):
    """A form with custom fields that is sent back as it was opened changes none of them, whatever they hold."""
    sim = replace(SIM, custom=custom)
    shown = [view.shown(value) for value in custom]

    assert from_form(Operation.SET, sent_back(fields(Operation.SET, sim)), custom=shown).custom == ()


def test_what_is_changed_is_all_that_is_set():
    """Of five fields those are set that somebody changed; one that was emptied is emptied."""
    values = sent_back(fields(Operation.SET)) | {"custom1": "Pump 8 ", "custom4": ""}
    order = from_form(Operation.SET, values, custom=[view.shown(value) for value in SIM.custom])

    assert order.custom == ((1, "Pump 8"), (4, ""))


@enough
@given(operation=st.sampled_from(list(Operation)), sim=SIMS, label=TEXT, status=st.sampled_from([None, *Status]))
def test_whatever_it_holds_slack_takes_the_form(operation: Operation, sim: Sim, label: str, status: Status | None):
    """With hostile and huge values in every field of a SIM its forms are taken and harmless."""
    sim = replace(sim, status=status)

    sound_view(view.form(operation, sim, id=2**63 - 1, label=label), kind="modal")
    assert {value for _, value in view.apn_choices(sim)} == {
        f"{word} {apn.name}" for apn in sim.apns for word, on in (("on", True), ("off", False)) if apn.enabled is not on
    }


@enough
@given(name=TEXT, data=st.one_of(st.none(), COUNT), price=st.one_of(st.none(), st.decimals(0, 10**30)), currency=MAYBE)
def test_a_plan_is_on_one_line(name: str, data: int | None, price: Decimal | None, currency: str | None):
    """Whatever a plan is called, it is offered on one line."""
    assert "\n" not in view.plan_words(Plan(name, data_bytes=data, price=price, currency=currency))


def test_a_sim_without_an_apn_has_none_to_choose():
    """Where no APN is known the form has nothing to choose but a dash."""
    [dash] = fields(Operation.APN, replace(SIM, apns=()))["change.apn"]["element"]["options"]

    assert dash["text"]["text"] == "–"
    assert view.apn_choices(replace(SIM, apns=(Apn("x", None),))) == [
        ("x: switch on", "on x"),
        ("x: switch off", "off x"),
    ]
