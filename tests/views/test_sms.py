"""An SMS says where it stands in a sign and a word, and what others wrote in it is text, however long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.conversations import Draft, DraftState, SmsMessage, Stand, Thread, Way
from bot.rules.keywords import Hit
from bot.rules.sims import Operation
from bot.rules.sms import VALIDITIES, Coding
from bot.rules.texts import size_of
from bot.views import orders
from bot.views import sms as view
from bot.views.parts import Message
from tests.asked import GICCID, NOW, asked
from tests.views.drawn import COUNT, IDS, MAYBE, TEXT, TIMES, buttons, enough, sound, words
from tests.views.requests import PEOPLE, SENTENCES
from tests.views.test_sims import SIM

SENT = SmsMessage(
    id=12, way=Way.OUT, giccid=GICCID, label="Pump 7", stand=Stand.PENDING, made_at=NOW, body="reboot", length=6,
    digest="5f" * 32, thread=3, sms_id="sms-1", by="U1", request=7, until=NOW + timedelta(days=1),
)  # fmt: skip
CAME = replace(SENT, id=13, way=Way.IN, stand=Stand.RECEIVED, body="BATT 12%", by=None, request=None, until=None)
THREAD = Thread(3, GICCID, "Pump 7", "acme", "C9", NOW, NOW, received=2, sent=1)
DRAFT = Draft(4, 3, "U1", "1.1", "reboot", NOW)

THREADS = st.builds(Thread, IDS, TEXT, TEXT, MAYBE, st.just("C9"), TIMES, TIMES, received=COUNT, sent=COUNT)
SMS = st.builds(
    SmsMessage, id=IDS, way=st.sampled_from(list(Way)), giccid=TEXT, label=TEXT, stand=st.sampled_from(list(Stand)),
    made_at=TIMES, body=MAYBE, length=COUNT, digest=TEXT, by=st.sampled_from([None, "U1"]),
    coding=st.sampled_from([None, *Coding]), validity=st.sampled_from([None, *(n for _, n in VALIDITIES)]),
    told_at=st.none() | TIMES, until=st.none() | TIMES, request=st.none() | IDS, job=st.none() | IDS,
    why=st.none() | SENTENCES,
)  # fmt: skip
DRAFTS = st.builds(Draft, IDS, IDS, st.just("U1"), st.just("1.1"), MAYBE, TIMES, st.sampled_from(list(DraftState)))
HITS = st.builds(Hit, st.just("C9"), TEXT)


def drawn() -> Iterator[tuple[Callable[..., Message], Message]]:
    """Each view in each state that looks different."""
    for stand in Stand:
        for sms in (replace(SENT, stand=stand, why="It is over."), replace(SENT, stand=stand, body=None, told_at=NOW)):
            yield view.outgoing, view.outgoing(sms)
            yield view.status, view.status(sms)
    for text in ("OK", "x" * 10_000, ""):
        yield view.incoming, view.incoming(replace(CAME, body=text))
        yield view.keyword, view.keyword(replace(CAME, body=text), Hit("C9", "low"))
    for last, sim in ((None, None), (CAME, 7), (SENT, 7)):
        yield view.thread, view.thread(THREAD, last, sim=sim)
    for many in (0, 1, 20):
        yield view.newest, view.newest([SENT] * many)
    for sendable in (True, False):
        yield view.question, view.question(DRAFT, THREAD, said="6 characters", sendable=sendable)
    for state, request in ((DraftState.DISCARDED, None), (DraftState.SENT, None), (DraftState.SENT, asked())):
        yield view.answered, view.answered(replace(DRAFT, state=state, text=None), request)


@pytest.mark.parametrize(
    ("stand", "says"),
    [
        (Stand.PENDING, "✓ sent"),
        (Stand.DELIVERED, "✓✓ delivered"),
        (Stand.FAILED, "✗ not delivered"),
        (Stand.UNKNOWN, "not known whether it was delivered"),
        (Stand.UNSURE, "unsure whether it was sent"),
        (Stand.NOT_SENT, "✗ not sent"),
    ],
)
def test_where_it_stands_is_said_in_a_word(stand: Stand, says: str):
    """Every sign has a word beside it, on the card, in the text for screen readers, and on one line."""
    card = view.outgoing(replace(SENT, stand=stand, told_at=NOW + timedelta(minutes=1)))

    assert says in words(card)
    assert card.text.startswith(says) or says in card.text.splitlines()[0]
    assert "2026-11-22 09:31 UTC" in card.text
    assert "SMS 12, sent 2026-11-22 09:30 UTC by <@U1> · request #7" in card.text
    assert says in view.newest([replace(SENT, stand=stand)]).text


def test_how_long_the_network_tries():
    """A validity that was chosen is the network's; without one it is only how long simops asks."""
    assert "simops asks for it until 2026-11-23" in view.outgoing(SENT).text
    chosen = replace(SENT, validity=dict(VALIDITIES)["1 day"], coding=Coding.BINARY)
    assert "The network tries until 2026-11-23" in view.outgoing(chosen).text
    assert "binary, as hex digits · 1 day" in view.outgoing(chosen).text


def test_a_long_text_is_there_whole():
    """Ten thousand characters are all there, in boxes that Slack takes; of more, the first, and it says so."""
    card = view.incoming(replace(CAME, body="x" * 10_000, length=10_000))
    assert words(card).count("x") == 10_000
    sound(card)

    longer = view.incoming(replace(CAME, body="x" * 60_000, length=60_000))
    assert "Of 60,000 characters, the first:" in words(longer)
    sound(longer)


def test_what_is_not_kept_is_known_by_its_length():
    """Where the text is gone, its length and the beginning of its digest stand in its place."""
    assert "6 characters; the text is not kept here (SHA-256 5f5f5f5f5f5f5f5f…)" in words(
        view.outgoing(replace(SENT, body=None))
    )


def test_the_question():
    """The question shows what would go and how large it is; what cannot be sent has no button to send it."""
    asks = view.question(DRAFT, THREAD, said=f"{view.size(size_of('reboot'))}.", sendable=True)
    assert "<@U1>, send this as an SMS to Pump 7?" in asks.text
    assert "6 characters, 1 part, GSM 7-bit; 154 left." in asks.text
    assert buttons(asks.blocks) == {"Send": "sms.send", "Discard": "sms.discard"}

    no = view.question(DRAFT, THREAD, said="It is too long.", sendable=False)
    assert buttons(no.blocks) == {"Discard": "sms.discard"}


@pytest.mark.parametrize(
    ("text", "coding", "says"),
    [
        ("a", None, "1 character, 1 part, GSM 7-bit; 159 left"),
        ("a" * 161, None, "161 characters, 2 parts, GSM 7-bit; 145 left"),
        ("ł", None, "1 character, 1 part, Unicode because of “ł”; 69 left"),
        ("4f", Coding.BINARY, "1 byte, 1 part, binary; 139 left"),
    ],
)
def test_the_size_in_words(text: str, coding: int | None, says: str):
    """Characters, parts, the alphabet with its reason, and what is left, in the singular and the plural."""
    assert view.size(size_of(text, coding)) == says


def test_the_count_changes_and_nothing_else():
    """Redrawn with another count, every other block of the form is the same, and so is what the form carries."""
    form = orders.form(Operation.SMS, SIM, id=7, label="Pump 7", templates=["reboot"])
    again = orders.recounted({**form, "id": "V1", "hash": "x", "state": {}}, "3 characters")

    changed = [(a, b) for a, b in zip(form["blocks"], again["blocks"], strict=True) if a != b]
    assert len(changed) == 1
    assert changed[0][1]["block_id"] == "sms.count"
    assert {key: value for key, value in again.items() if key != "blocks"} == {
        key: value for key, value in form.items() if key != "blocks"
    }


@enough
@given(message=SMS)
def test_whatever_it_holds_slack_takes_it(message: SmsMessage):
    """With hostile and huge text in every field an SMS is taken and harmless, wherever it is shown."""
    for made in (view.outgoing(message), view.incoming(message), view.status(message), view.newest([message] * 20)):
        sound(made, people=PEOPLE)
