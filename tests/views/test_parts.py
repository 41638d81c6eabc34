"""The pieces of a message keep text from outside as text, and numbers honest."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInput, NotPossible
from bot.rules.commands import read_command
from bot.rules.sims import Operation, Sim, allow
from bot.simulator.slack.words import pinged, pings
from bot.views import parts
from bot.views.parts import Message, Units, answer, bar, escape, fit, flat, name, one_line, percent, size
from tests.views.drawn import NASTY, TEXT, enough, sound, words


@enough
@given(text=TEXT, limit=st.integers(1, 50))
def test_cut_to_the_limit(text: str, limit: int):
    """What is cut is never longer than its limit and ends in an ellipsis; what fits and can be seen stays as it is."""
    cut = fit(text, limit)

    assert len(cut) <= limit
    assert cut.endswith("…") if len(text) > limit else len(cut) == len(text)
    assert cut == text or len(text) > limit or "�" in cut


@enough
@given(text=TEXT)
def test_a_name_is_one_line(text: str):
    """A name beside other words is on one line and leaves room for them."""
    assert len(name(text)) <= 80
    assert not set(name(text)) & set("\n\r\t")


@enough
@given(text=TEXT)
def test_what_is_escaped_pings_nobody(text: str):
    """Escaped text holds no sign of Slack's, and what it said can be had back."""
    escaped = escape(text)

    assert not set(escaped) & set("<>")
    assert pinged(escaped) == set()
    assert escaped.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == text


@enough
@given(text=TEXT)
def test_words_and_boxes_take_anything(text: str):
    """Every piece that text from outside goes into is taken by Slack and obeys nothing in it."""
    row = parts.spans(parts.say(text), parts.bold(text), parts.code(text), text)
    blocks = (parts.header(text), parts.lines(row), parts.verbatim(text), parts.small(f"x{text}"))

    sound(Message(text=f"x{flat(row)}", blocks=blocks))


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (datetime(2026, 12, 5, 23, tzinfo=UTC), "2026-12-05 23:00 UTC"),
        (datetime(2026, 12, 6, tzinfo=ZoneInfo("Europe/Berlin")), "2026-12-05 23:00 UTC"),
        (datetime(2026, 12, 6, tzinfo=ZoneInfo("Asia/Shanghai")), "2026-12-05 16:00 UTC"),
    ],
)
def test_a_moment_beside_the_blocks_is_in_utc(at: datetime, said: str):
    """A time that says UTC is in UTC, in whose zone ever it was written."""
    assert flat([parts.moment(at)]) == said


def test_our_own_sentences_name_people_and_things_to_type():
    """In a sentence of ours a person is a person and what stands between backticks is shown as typed."""
    message = answer("Request #1 is denied by <@U2> already. Type `/sim help`.")

    assert pings(message) == {"U2"}
    assert message.text == "Request #1 is denied by <@U2> already. Type /sim help."
    sound(message, people=["U2"])


@enough
@given(text=st.one_of(TEXT, TEXT.map("suspend 8949212600000000142 {} x".format), TEXT.map("show {}".format)))
def test_typed_text_in_a_refusal_is_text(text: str):
    """What somebody typed comes back in the refusal without naming anybody."""
    try:
        read_command(text)
    except BadInput as refusal:
        sound(answer(str(refusal)))


@enough
@given(word=TEXT)
def test_smarthubs_own_word_in_a_refusal_is_text(word: str):
    """A state in SmartHub's own word comes back in the refusal without naming anybody."""
    with pytest.raises(NotPossible) as refusal:
        allow(Operation.SUSPEND, Sim("1", None, word))

    sound(answer(str(refusal.value)))


@pytest.mark.parametrize("text", [t for t in NASTY if t.strip()])
def test_no_answer_is_too_long(text: str):
    """However long a sentence of ours gets, Slack takes it."""
    message = answer("It says: " + text.replace("<@U0123ABCD>", "@"))

    assert len(message.text) <= 4000
    assert words(message)


@pytest.mark.parametrize(
    ("part", "whole", "share", "filled"),
    [
        (0, 100, "0 %", 0),
        (799, 1000, "79 %", 15),
        (999_999, 1_000_000, "99 %", 19),
        (100, 100, "100 %", 20),
        (250, 100, "250 %", 20),
        (2**63 - 1, 1, f"{(2**63 - 1) * 100} %", 20),
        (1, 3, "33 %", 6),
    ],
)
def test_shares_are_rounded_down(part: int, whole: int, share: str, filled: int):
    """A share never reads as more than it is, and the bar is full only when all is used."""
    assert percent(part, whole) == share
    assert bar(part, whole) == "█" * filled + "░" * (20 - filled)


@pytest.mark.parametrize(
    ("amount", "said"),
    [(None, "unknown"), (0, "0 Bytes"), (1, "1 Byte"), (1_500, "1.5 kB"), (83_886_080, "83.9 MB"), (2**63, "9.2 EB")],
)
def test_sizes_for_people(amount: int | None, said: str):
    """Bytes are said in decimal units, and what is not known is not zero."""
    assert size(amount) == said


@pytest.mark.parametrize(
    ("amount", "units", "said"),
    [
        (83_886_080, Units(binary=True), "80.0 MiB"),
        (83_886_080, Units(exact=True), "83.9 MB (83,886,080 bytes)"),
        (83_886_080, Units(binary=True, exact=True), "80.0 MiB (83,886,080 bytes)"),
        (1_023, Units(binary=True, exact=True), "1023 Bytes"),
        (1_000, Units(exact=True), "1.0 kB (1,000 bytes)"),
        (-5_000_000, Units(exact=True), "-5.0 MB (-5,000,000 bytes)"),
        (0, Units(exact=True), "0 Bytes"),
        (None, Units(binary=True, exact=True), "unknown"),
    ],
)
def test_sizes_in_the_units_that_were_chosen(amount: int | None, units: Units, said: str):
    """Binary units where they are configured, exact bytes where they are asked for and not said already."""
    assert size(amount, units=units) == said


@enough
@given(text=TEXT, limit=st.integers(1, 900))
def test_one_line_is_one_line(text: str, limit: int):
    """Whatever comes, it is on one line, within its limit, and never nothing."""
    line = one_line(text, limit)

    assert 1 <= len(line) <= limit
    assert not set(line) & set("\n\r\x0b\x0c\x85\u2028\u2029")


def test_a_confirmation_fits():
    """The question before a press is cut where Slack cuts it."""
    asked = parts.confirm("t" * 200, "x" * 400, yes="y" * 50, danger=True)
    pressed = parts.button("b" * 100, action="approval.approve", id=2**63, style="danger", confirm=asked)

    sound(Message("x", (parts.actions("approval", pressed),)))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\u2028", "\x85", " \n\n "])
def test_text_from_outside_stays_on_its_line(end: str):
    """A line break in a label or a reason cannot make a row that looks like one of ours."""
    row = parts.spans(parts.bold("Reason"), f"lost{end}✅ Confirmed by Ana")

    assert [e["text"] for e in row] == ["Reason", "lost ⏎ ✅ Confirmed by Ana"]
