"""What is typed after /sim is understood, or answered with what to type instead; nothing else can come of it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import BadInput
from bot.rules.commands import CHANGES, REASON_LIMIT, VERBS, Command, read_command

ID = "8949212600000000142"
ONE = "One SIM at a time, please"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("", Command("help")),
        ("   ", Command("help")),
        ("help", Command("help")),
        ("HELP", Command("help")),
        ("--here", Command("help", here=True)),
        (ID, Command("show", ID)),
        (f"show {ID}", Command("show", ID)),
        (f"Show\t{ID}  ", Command("show", ID)),
        (f"{ID}F", Command("show", ID)),
        (f"show {ID[:4]} {ID[4:]}F", Command("show", ID)),
        ("894921-26-0000-0000-142", Command("show", ID)),
        ("8949212 6000 0000 0142", Command("show", ID)),
        ("8949\u201321\u20102600\u200b0000\u200e00142\ufeff", Command("show", ID)),
        (f"{ID} --here", Command("show", ID, here=True)),
        (f"--here {ID}", Command("show", ID, here=True)),
        (f"suspend --here {ID} because stolen", Command("suspend", ID, "stolen")),
        (f"suspend {ID} --here because stolen", Command("suspend", ID, "stolen")),
        (f"suspend {ID} because we typed --here before", Command("suspend", ID, "we typed --here before")),
        (f"suspend {ID} because --here", Command("suspend", ID, "--here")),
        (f"suspend {ID} --here because not --here", Command("suspend", ID, "not --here")),
        (f"{ID[:4]} {ID[4:]}", Command("show", ID)),
        (f"show --here {ID}", Command("show", ID, here=True)),
        ("alerts --here --here", Command("alerts", here=True)),
        ("approvals", Command("approvals")),
        ("status", Command("status")),
        (f"suspend {ID}", Command("suspend", ID)),
        (f"SUSPEND {ID}", Command("suspend", ID)),
        (f"activate {ID}F", Command("activate", ID)),
        (f"retire {ID[:6]} {ID[6:12]} {ID[12:]}", Command("retire", ID)),
        (f"suspend {ID[:4]}-{ID[4:8]}-{ID[8:]}", Command("suspend", ID)),
        (f"suspend {ID} because stolen", Command("suspend", ID, "stolen")),
        (f"suspend {ID} BECAUSE Stolen", Command("suspend", ID, "Stolen")),
        (f"suspend {ID} Because   it is\n gone ", Command("suspend", ID, "it is\n gone")),
        (f"suspend {ID} because", Command("suspend", ID)),
        (f"suspend {ID} because   ", Command("suspend", ID)),
        (f"suspend {ID} because because of it", Command("suspend", ID, "because of it")),
        (f"suspend {ID} because {ID[:-1]}3 was meant", Command("suspend", ID, f"{ID[:-1]}3 was meant")),
        (f"suspend {ID} because <!channel> *said* <@U1>", Command("suspend", ID, "<!channel> *said* <@U1>")),
        (f"suspend {ID} because {'x' * REASON_LIMIT}", Command("suspend", ID, "x" * REASON_LIMIT)),
    ],
)  # fmt: skip
def test_what_is_understood(typed: str, meant: Command):
    """Each way of writing a command means what people expect of it."""
    assert read_command(typed) == meant


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("suspnd x", "There is no verb “suspnd”. Did you mean `/sim suspend`?"),
        ("Retier", "There is no verb “Retier”. Did you mean `/sim retire`?"),
        ("aproval", "There is no verb “aproval”. Did you mean `/sim approvals`?"),
        ("xyzzy", "There is no verb “xyzzy”. `/sim help` lists what there is."),
        ("w" * 5000, f"There is no verb “{'w' * 37}…”. `/sim help` lists what there is."),
        ("<@U123> hi", "There is no verb “‹@U123›”. `/sim help` lists what there is."),
        ("show", "A SIM is missing here: write its ICCID, 18 to 22 digits."),
        ("suspend", "A SIM is missing here: write its ICCID, 18 to 22 digits."),
        ("suspend because stolen", "A SIM is missing here: write its ICCID, 18 to 22 digits."),
        ("suspend 8949", "“8949” has 4 digits; an ICCID has 18 to 22."),
        ("12345", "“12345” has 5 digits; an ICCID has 18 to 22."),
        ("7", "“7” has 1 digit; an ICCID has 18 to 22."),
        (f"show {ID} {ID}", f"{ONE}: `/sim show ID`."),
        (f"show {ID} {ID}F --here", f"{ONE}: `/sim show ID`."),
        (f"{ID} {ID} {ID}", f"{ONE}: `/sim ID`."),
        (f"show {ID * 2}", f"“{ID}{ID}” has 38 digits; an ICCID has 18 to 22."),
        (f"suspend {ID} 1", f"“{ID}” is a SIM's number already; what is “1” beside it?"),
        (f"retire 12 {ID}F", f"“{ID}F” is a SIM's number already; what is “12” beside it?"),
        (f"suspend {ID} {ID}", f"{ONE}: `/sim suspend ID because REASON`."),
        (f"retire {ID} {ID}F {ID} because old", f"{ONE}: `/sim retire ID because REASON`."),
        (
            f"suspend {ID} stolen",
            "“stolen” is not part of a SIM's number. Write a reason after “because”: `/sim suspend ID because REASON`.",
        ),
        (
            f"suspend {ID} becausestolen",
            "“becausestolen” is not part of a SIM's number. "
            "Write a reason after “because”: `/sim suspend ID because REASON`.",
        ),
        (
            f"suspend {ID} because {'x' * (REASON_LIMIT + 1)}",
            f"The reason has {REASON_LIMIT + 1} characters; keep it to {REASON_LIMIT}.",
        ),
        (f"show {ID} please", f"“{ID} please” is not an ICCID: “P” is not a digit. An ICCID has 18 to 22 digits."),
    ],
)
def test_what_is_not_understood(typed: str, words: str):
    """What cannot be done is answered with the reason and with what to type instead."""
    with pytest.raises(BadInput) as refusal:
        read_command(typed)

    assert str(refusal.value) == words


@pytest.mark.parametrize("digit", ["٣", "३", "²", "３", "①", "𝟗"])
def test_digits_of_other_scripts(digit: str):
    """Digits of other scripts and raised ones never become the number of a SIM."""
    other = digit * 19
    for typed in (other, f"show {other}", f"suspend {other}", f"suspend {other} {other}", f"retire {ID} {digit}"):
        with pytest.raises(BadInput):
            read_command(typed)


@pytest.mark.parametrize("verb", CHANGES)
def test_a_change_names_exactly_one_sim(verb: str):
    """However many numbers stand there, a change never takes one of them and forgets the rest."""
    for typed in (
        f"{verb} {ID} {ID}",
        f"{verb} {ID},{ID}",
        f"{verb} {ID}, {ID}",
        f"{verb} {ID} 1",
        f"{verb} {ID} 12345",
    ):
        try:
            command = read_command(typed)
        except BadInput:
            continue
        assert command.iccid == "".join(c for c in typed if c.isdigit())


@pytest.mark.parametrize("verb", list(VERBS))
def test_every_verb_of_the_table_can_be_typed(verb: str):
    """What help lists is understood, in any case."""
    for typed in (verb, verb.upper(), f"  {verb.title()} "):
        try:
            assert read_command(f"{typed} {ID}" if "ID" in VERBS[verb].usage else typed).verb == verb
        except BadInput as refusal:
            pytest.fail(f"{typed}: {refusal}")


WORDS = st.sampled_from(
    [*VERBS, "because", "BECAUSE", "--here", ID, f"{ID}F", "8949", "<!channel>", "`", "٣" * 19, "-"]
)
TYPED = st.one_of(st.text(), st.lists(st.one_of(WORDS, st.text(max_size=12)), max_size=8).map(" ".join))


@settings(deadline=None)
@given(typed=TYPED)
def test_anything_typed_is_a_command_or_a_sentence(typed: str):
    """Whatever is typed becomes a command that is whole, or a short sentence that obeys nothing in it."""
    try:
        command = read_command(typed)
    except BadInput as refusal:
        said = str(refusal)
    else:
        whole(command)
        return
    assert said
    assert len(said) < 300
    assert "<" not in said
    assert said.count("`") % 2 == 0


def whole(command: Command) -> None:
    """What must hold of every command that was understood."""
    assert command.verb in VERBS
    assert (command.iccid is not None) is (command.verb in (*CHANGES, "show"))
    if command.iccid is not None:
        assert command.iccid.isascii()
        assert command.iccid.isdigit()
        assert 18 <= len(command.iccid) <= 22
    assert command.reason is None or (command.verb in CHANGES and 0 < len(command.reason) <= REASON_LIMIT)
