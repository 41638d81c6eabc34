"""The form for many SIMs as it was filled: one source, one change, and a sentence for each field that is wrong."""

from __future__ import annotations

import pytest

from bot.errors import BadInput, NotAllowed
from bot.rules.bulk import FIELDS, Form, check_count, check_owner, read_form, wants_count
from bot.rules.commands import read_change
from bot.rules.orders import Order
from bot.rules.people import Person, Role
from bot.rules.sims import Operation

SUSPEND = Order(Operation.SUSPEND)


@pytest.mark.parametrize(
    ("operation", "given", "form"),
    [
        (Operation.SUSPEND, {"ids": " 1\n2 ", "reason": " why "}, Form(SUSPEND, ids="1\n2", reason="why")),
        (Operation.SUSPEND, {"file": "F1", "ids": " ", "search": None}, Form(SUSPEND, file="F1")),
        (Operation.SUSPEND, {"search": "account:acme"}, Form(SUSPEND, search="account:acme")),
        (Operation.SUSPEND, {"search": "custom2 = Berlin Mitte "}, Form(SUSPEND, of_field=(2, "Berlin Mitte"))),
        (Operation.SUSPEND, {"search": "custom2:Berlin"}, Form(SUSPEND, search="custom2:Berlin")),
        (Operation.SUSPEND, {"search": "custom6=x"}, Form(SUSPEND, search="custom6=x")),
        (Operation.SUSPEND, {"ids": "1", "plan": "x", "text": "y"}, Form(SUSPEND, ids="1")),
        (Operation.PLAN, {"ids": "1", "plan": " a b "}, Form(Order(Operation.PLAN, plan="a b"), ids="1")),
        (Operation.ADDON, {"ids": "1", "plan": "a"}, Form(Order(Operation.ADDON, plan="a"), ids="1")),
        (
            Operation.APN,
            {"ids": "1", "apn": "iot", "enabled": "off"},
            Form(Order(Operation.APN, apn="iot", enabled=False), ids="1"),
        ),
        (
            Operation.SET,
            {"ids": "1", "custom2": "x", "custom5": "-", "custom1": ""},
            Form(Order(Operation.SET, custom=((2, "x"), (5, ""))), ids="1"),
        ),
        (Operation.SMS, {"ids": "1", "text": "hi"}, Form(Order(Operation.SMS, text="hi"), ids="1")),
    ],
)
def test_what_was_filled(operation: Operation, given: dict[str, str | None], form: Form):
    """Each change takes its own fields and no others; blanks are nothing."""
    assert read_form(operation, given) == form


@pytest.mark.parametrize(
    ("operation", "given", "fields"),
    [
        (Operation.SUSPEND, {}, {"ids"}),
        (Operation.SUSPEND, {"ids": "1", "file": "F1"}, {"ids", "file"}),
        (Operation.SUSPEND, {"ids": "1", "file": "F1", "search": "x"}, {"ids", "file", "search"}),
        (Operation.PLAN, {"ids": "1"}, {"plan"}),
        (Operation.PLAN, {"plan": "x" * 201, "ids": "1"}, {"plan"}),
        (Operation.APN, {"ids": "1"}, {"apn", "enabled"}),
        (Operation.SET, {"ids": "1"}, {"custom1"}),
        (Operation.SET, {"ids": "1", "custom3": "x" * 201}, {"custom3"}),
        (Operation.SMS, {"ids": "1"}, {"text"}),
        (Operation.SMS, {"ids": "1", "text": "x" * 1001}, {"text"}),
    ],
)
def test_what_is_wrong(operation: Operation, given: dict[str, str | None], fields: set[str]):
    """What is missing, too long or too much is said at each field that is so, and there is no order then."""
    form = read_form(operation, given)

    assert form.order is None
    assert form.problems.keys() == fields
    assert all(said.endswith(".") for said in form.problems.values())


def test_every_change_has_its_fields():
    """Every change there is can be chosen."""
    assert set(FIELDS) == set(Operation)


def test_opened_for_something():
    """A form that was opened for some SIMs needs no other source."""
    assert read_form(Operation.SUSPEND, {}, offered=True) == Form(SUSPEND)
    assert read_form(Operation.PLAN, {}, offered=True).problems.keys() == {"plan"}


@pytest.mark.parametrize("typed", ["1234", " 1234 ", "1,234", "1.234", "1 234", "1'234", "1\u202f234", "01234"])
def test_the_count_as_people_type_it(typed: str):
    """The number counts, and not how its thousands are set apart."""
    check_count(typed, count=1234)


@pytest.mark.parametrize("typed", ["", " ", "1235", "123", "12,34", "1234.0", "-1234", "١٢٣٤", "1234 SIMs", "1,2,3,4"])
def test_another_count(typed: str):
    """Anything else is not the number."""
    with pytest.raises(BadInput, match="is not the number of SIMs"):
        check_count(typed, count=1234)


@pytest.mark.parametrize(("text", "change"), [("", None), ("  ", None), ("retire", "retire"), (" Set ", "set")])
def test_the_change_behind_bulk(text: str, change: str | None):
    """A change may be named behind `bulk`, or none."""
    assert read_change(text) == change


def test_no_change_behind_bulk():
    """Another word is explained with those there are."""
    with pytest.raises(BadInput, match=r"“protect” is no change; there are activate, suspend, .*Or type `bulk` alone"):
        read_change("protect")


def test_who_counts():
    """Many retirements have to be counted, and nothing else."""
    assert wants_count(Order(Operation.RETIRE), 2)
    assert not wants_count(Order(Operation.RETIRE), 1)
    assert not any(wants_count(Order(o), 9) for o in Operation if o is not Operation.RETIRE)


def test_whose_list():
    """A list is its maker's, and nobody else's whatever their role."""
    check_owner("U1", Person("U1", Role.OPERATOR))
    with pytest.raises(NotAllowed, match="<@U1>"):
        check_owner("U1", Person("U2", Role.ADMIN))
