"""The form for many SIMs, the report on a list and the form for asking, whatever is in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.bulk import FIELDS, Offer, Origin
from bot.rules.orders import Order
from bot.rules.sheets import csv_line
from bot.rules.sims import Operation
from bot.rules.verdicts import Judged, Verdict
from bot.simulator.slack.limits import check_blocks
from bot.views import bulk, lists
from bot.views.parts import Message, answer
from tests.schemas import block_misfits, misfits
from tests.views.drawn import COUNT, GICCID, MAYBE, NOW, TEXT, TIMES, buttons, enough, sound, sound_view, words

ACCEPTED = Judged(2, GICCID, Verdict.ACCEPTED, "", GICCID, "pump 7", "active", "iot-1")
UNKNOWN = Judged(3, "pump 8", Verdict.UNKNOWN, "No SIM is called so.")
REPORT = lists.Report(
    7,
    Order(Operation.SUSPEND),
    "the file “list.csv”",
    "winter",
    {Verdict.ACCEPTED: 1_204, Verdict.UNKNOWN: 1},
    "0123456789abcdef" * 4,
    {Verdict.ACCEPTED: [ACCEPTED] * 3, Verdict.UNKNOWN: [UNKNOWN]},
    seen_from=NOW,
)
OFFERS = [Offer(3, origin, "F1", "list.csv", "U1") for origin in Origin]
ORDERS = (
    *(Order(operation) for operation in (Operation.ACTIVATE, Operation.SUSPEND, Operation.RETIRE)),
    *(Order(operation, plan="iot-1") for operation in (Operation.PLAN, Operation.ADDON)),
    Order(Operation.APN, apn="iot.apn", enabled=False),
    Order(Operation.SET, custom=((1, "x"), (5, ""))),
    Order(Operation.SMS, text="hello"),
)


def messages() -> Iterator[tuple[Callable[..., object], Message]]:
    """Each view with what it draws, in each form that looks different."""
    for order in ORDERS:
        yield lists.report, lists.report(replace(REPORT, order=order))
        yield lists.dropped, lists.dropped(order)
    yield lists.report, lists.report(replace(REPORT, counts={Verdict.UNKNOWN: 1}, reason=None, complete=False, asked=1))
    yield lists.report, lists.report(replace(REPORT, first={}, unsent="Slack says missing_scope.", asked=20))
    for count in (1, 5):
        yield lists.changed, lists.changed(REPORT, since=[UNKNOWN], count=count)
    for offer in OFFERS:
        yield lists.offered, lists.offered(offer)
        yield lists.with_offer, lists.with_offer(answer("2 SIMs."), offer)
    yield lists.sent, lists.sent()
    yield lists.cut_off, lists.cut_off("pasted numbers")
    yield lists.not_yet, lists.not_yet(7)


def surfaces() -> Iterator[tuple[Callable[..., object], Mapping[str, Any]]]:
    """Each modal, in each form that looks different."""
    for operation in (None, *Operation):
        for offer in (None, *OFFERS):
            yield bulk.form, bulk.form(operation, offer=offer)
    yield bulk.reading, bulk.reading()
    for order in ORDERS:
        for count in (1, 1_204):
            yield lists.asking, lists.asking(replace(REPORT, order=order, counts={Verdict.ACCEPTED: count}))


def test_messages_have_slacks_shapes():
    """Each block of each message is a KnownBlock of Slack's types and within its limits."""
    for _, message in messages():
        sound(message)
        for blocks in (message.blocks, message.plain or ()):
            assert block_misfits(blocks) == []
            assert check_blocks(list(blocks)) == []


def test_modals_have_slacks_shapes():
    """Each modal is a View of Slack's types and within its limits."""
    for _, view in surfaces():
        sound_view(view, kind="modal")
        assert misfits("View", view) == []


@pytest.mark.parametrize("operation", Operation)
def test_each_change_has_its_fields(operation: Operation):
    """The form for a change has its fields, the three sources and the reason; opened for something, no source."""
    view: Any = bulk.form(operation)
    named = [block["block_id"] for block in view["blocks"] if block["type"] == "input"]
    assert named == [*FIELDS[operation], "ids", "file", "search", "reason"]
    assert (view["callback_id"], view["private_metadata"]) == (f"bulk.{operation.value}", "0")

    offered: Any = bulk.form(operation, offer=OFFERS[0])
    named = [block["block_id"] for block in offered["blocks"] if block["type"] == "input"]
    assert named == [*FIELDS[operation], "reason"]
    assert offered["private_metadata"] == "3"


def test_the_menu_has_every_change():
    """At first there is the menu alone, with every change, and nothing to send."""
    view: Any = bulk.form()
    [menu] = [block["elements"][0] for block in view["blocks"] if block["type"] == "actions"]

    assert {option["value"] for option in menu["options"]} == set(Operation)
    assert "submit" not in view


def test_the_report():
    """The report has a count for each verdict, its first lines, the digest, and the buttons that go on."""
    message = lists.report(REPORT)

    read = " ".join(words(message).split())
    for said in ("1,204 of 1,205 lines accepted", "suspend", "list.csv", "winter", "1,204 are accepted.", "pump 7",
                 "… and 1,201 more in the file.", "1 names no SIM", "pump 8", "0123456789abcdef"):  # fmt: skip
        assert said in read
        assert said in message.text
    assert "0123456789abcdef0" not in read
    assert buttons(message.blocks) == {"Ask for approval…": "list.ask", "CSV": "list.csv", "Discard": "list.drop"}


def test_only_many_retirements_are_counted():
    """The form for asking wants the count for many retirements alone."""
    for order in ORDERS:
        for count in (1, 2):
            view: Any = lists.asking(replace(REPORT, order=order, counts={Verdict.ACCEPTED: count}))
            named = [block["block_id"] for block in view["blocks"] if block["type"] == "input"]
            assert ("count" in named) == (order.operation is Operation.RETIRE and count > 1)
            assert ("Nothing takes this back." in str(view)) == order.final


JUDGED = st.builds(
    Judged, line=COUNT, written=TEXT, verdict=st.sampled_from(Verdict), why=TEXT, giccid=MAYBE, label=MAYBE,
    status=MAYBE, plan=MAYBE,
)  # fmt: skip
NAMES = st.lists(JUDGED, max_size=4)
OFFERED = st.builds(Offer, st.integers(1, 2**53), st.sampled_from(Origin), TEXT, TEXT, st.just("U1"))
LIST_ORDERS = st.one_of(
    st.sampled_from(ORDERS),
    st.builds(Order, st.just(Operation.PLAN), plan=TEXT),
    st.builds(Order, st.just(Operation.SET), custom=st.lists(st.tuples(st.integers(1, 5), TEXT)).map(tuple)),
)
REPORTS = st.builds(
    lists.Report,
    id=st.integers(1, 2**53),
    order=LIST_ORDERS,
    source=TEXT,
    reason=MAYBE,
    counts=st.dictionaries(st.sampled_from(Verdict), COUNT),
    digest=TEXT,
    first=st.dictionaries(st.sampled_from(Verdict), NAMES),
    seen_from=st.one_of(st.none(), TIMES),
    asked=COUNT,
    unsent=MAYBE,
    complete=st.booleans(),
)


@enough
@given(report=REPORTS, since=NAMES, count=COUNT)
def test_reports_take_anything(report: lists.Report, since: list[Judged], count: int):
    """Whatever stands in a list, Slack takes the report, and nobody is called and nothing formatted by it."""
    sound(lists.report(report))
    sound(lists.changed(report, since=since, count=count))
    sound_view(lists.asking(report), kind="modal")


@enough
@given(name=TEXT, origin=st.sampled_from(Origin), text=TEXT, operation=st.sampled_from([None, *Operation]))
def test_forms_take_anything(name: str, origin: Origin, text: str, operation: Operation | None):
    """Whatever a file or a search is called, Slack takes the offer and the form for it."""
    offer = Offer(3, origin, text, name, "U1")

    sound(lists.offered(offer))
    sound(lists.with_offer(answer("x"), offer))
    sound(lists.cut_off(name))
    sound_view(bulk.form(operation, offer=offer), kind="modal")


@enough
@given(judged=JUDGED)
def test_rows_fit_their_titles(judged: Judged):
    """A line of the file has a cell for each title, and can be written whatever is in it."""
    row = lists.row(judged)

    assert len(row) == len(lists.SHEET)
    assert csv_line(row).endswith("\r\n")
