"""What is typed after /sim is understood, or answered with what to type instead; nothing else can come of it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import BadInput
from bot.rules.commands import CHANGES, NAMES_A_SIM, REASON_LIMIT, VERBS, Command, read_command
from bot.rules.orders import Order
from bot.rules.sims import Operation

ID = "8949212600000000142"
ONE = "One SIM at a time, please"
SUSPEND, ACTIVATE, RETIRE = (Order(Operation(verb)) for verb in ("suspend", "activate", "retire"))


def suspend(named: str, reason: str | None = None) -> Command:
    """The command that suspends a SIM."""
    return Command("suspend", named, reason, SUSPEND)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("", Command("menu")),
        ("   ", Command("menu")),
        ("help", Command("help")),
        ("HELP", Command("help")),
        ("--here", Command("menu", here=True)),
        ("pool acme --exact", Command("pool", rest="acme", exact=True)),
        ("find usage>1GB —Exact --here", Command("find", rest="usage>1GB", here=True, exact=True)),
        (f"–exact {ID}", Command("show", ID, exact=True)),
        ("find --exactly", Command("find", rest="--exactly")),
        (f"ICCID: {ID}", Command("show", ID)),
        (f"show sim {ID}", Command("show", ID)),
        (ID, Command("show", ID)),
        (f"show {ID}", Command("show", ID)),
        (f"Show\t{ID}  ", Command("show", ID)),
        (f"{ID}F", Command("show", f"{ID}F")),
        (f"show {ID[:4]} {ID[4:]}F", Command("show", f"{ID[:4]} {ID[4:]}F")),
        ("894921-26-0000-0000-142", Command("show", "894921-26-0000-0000-142")),
        ("<tel:+491701234567|+49 170 1234567>", Command("show", "+491701234567")),
        ("Berlin pump 12", Command("show", "Berlin pump 12")),
        ("“Berlin pump” --here", Command("show", "Berlin pump", here=True)),
        ("Show Berlin", Command("show", "Berlin")),
        ("xyzzy", Command("show", "xyzzy")),
        ("7", Command("show", "7")),
        (f"{ID} --here", Command("show", ID, here=True)),
        (f"--here {ID}", Command("show", ID, here=True)),
        (f"suspend --here {ID} because stolen", suspend(ID, "stolen")),
        (f"suspend {ID} --here because stolen", suspend(ID, "stolen")),
        (f"suspend {ID} because we typed --here before", suspend(ID, "we typed --here before")),
        (f"suspend {ID} because --here", suspend(ID, "--here")),
        (f"suspend {ID} --here because not --here", suspend(ID, "not --here")),
        ("alerts --here --here", Command("alerts", here=True)),
        ("approvals", Command("approvals")),
        ("find Berlin usage>80% --here", Command("find", rest="Berlin usage>80%", here=True)),
        (f"history {ID}", Command("history", ID)),
        ("countries 2026-11", Command("countries", rest="2026-11")),
        ("plans  ACME Germany ", Command("plans", rest="ACME Germany")),
        ("policy test retire 200 account:acme", Command("policy", rest="test retire 200 account:acme")),
        (f"suspend {ID}", suspend(ID)),
        (f"SUSPEND {ID}", suspend(ID)),
        ("suspend Berlin pump 12", suspend("Berlin pump 12")),
        (f"activate {ID}F", Command("activate", f"{ID}F", order=ACTIVATE)),
        (f"retire {ID[:6]} {ID[6:12]} {ID[12:]}", Command("retire", f"{ID[:6]} {ID[6:12]} {ID[12:]}", order=RETIRE)),
        (f"suspend {ID} because stolen", suspend(ID, "stolen")),
        (f"suspend {ID} BECAUSE Stolen", suspend(ID, "Stolen")),
        (f"suspend {ID} Because   it is\n gone ", suspend(ID, "it is\n gone")),
        (f"suspend {ID} because", suspend(ID)),
        (f"suspend {ID} because because of it", suspend(ID, "because of it")),
        (f"suspend {ID} because {ID[:-1]}3 was meant", suspend(ID, f"{ID[:-1]}3 was meant")),
        (f"suspend {ID} because <!channel> *said* <@U1>", suspend(ID, "<!channel> *said* <@U1>")),
        (f"suspend {ID} because {'x' * REASON_LIMIT}", suspend(ID, "x" * REASON_LIMIT)),
        (f"protect {ID} because a pump", Command("protect", ID, "a pump")),
        (f"plan {ID} iot-100 because cheap", Command("plan", ID, "cheap", Order(Operation.PLAN, plan="iot-100"))),
        ("plan Berlin pump \"big plan\"", Command("plan", "Berlin pump", order=Order(Operation.PLAN, plan="big plan"))),
        (f"addon {ID} boost", Command("addon", ID, order=Order(Operation.ADDON, plan="boost"))),
        (f"apn {ID} internet OFF", Command("apn", ID, order=Order(Operation.APN, apn="internet", enabled=False))),
        (
            f"set {ID} custom2=“Berlin 12” CUSTOM1= because moved",
            Command("set", ID, "moved", Order(Operation.SET, custom=((1, ""), (2, "Berlin 12")))),
        ),
        (f"sms {ID} reboot  now", Command("sms", ID, order=Order(Operation.SMS, text="reboot  now"))),
        (f"sms {ID} 1234", Command("sms", ID, order=Order(Operation.SMS, text="1234"))),
        (
            "sms <tel:+491701234567|+49 170 1234567> call <tel:+4930123|+49 30 123>",
            Command("sms", "+491701234567", order=Order(Operation.SMS, text="call +49 30 123")),
        ),
        (
            "plan <tel:+491701234567|+49 170 1234567> iot-100",
            Command("plan", "+491701234567", order=Order(Operation.PLAN, plan="iot-100")),
        ),
        (
            "sms \"Berlin pump\" say \"hi\" because --here",
            Command("sms", "Berlin pump", order=Order(Operation.SMS, text="say \"hi\" because --here")),
        ),
    ],
)  # fmt: skip
def test_what_is_understood(typed: str, meant: Command):
    """Each way of writing a command means what people expect of it."""
    assert read_command(typed) == meant


SO = " A SIM that is called so is shown by `/sim show {}`."
MISSING = "A SIM is missing here: write its ICCID, IMSI, MSISDN or IMEI, its label, or a piece of one."


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("suspnd x", "There is no verb “suspnd”. Did you mean `/sim suspend`?" + SO.format("suspnd")),
        ("Retier", "There is no verb “Retier”. Did you mean `/sim retire`?" + SO.format("Retier")),
        ("aproval", "There is no verb “aproval”. Did you mean `/sim approvals`?" + SO.format("aproval")),
        ("show", MISSING),
        ("suspend", MISSING),
        ("suspend because stolen", MISSING),
        ('suspend "', MISSING),
        (f"show {ID} {ID}", f"{ONE}: `/sim show ID`."),
        (f"{ID} {ID} {ID}", f"{ONE}: `/sim ID`."),
        (
            f"suspend {ID} 1",
            f"“{ID}” is a SIM's number already; what is “1” beside it? "
            "Write a reason after “because”: `/sim suspend ID because REASON`.",
        ),
        (
            f"suspend {ID} stolen",
            f"“{ID}” is a SIM's number already; what is “stolen” beside it? "
            "Write a reason after “because”: `/sim suspend ID because REASON`.",
        ),
        (
            f"retire 12 {ID}F",
            f"“{ID}F” is a SIM's number already; what is “12” beside it? "
            "Write a reason after “because”: `/sim retire ID because REASON`.",
        ),
        (f"retire {ID} {ID}F {ID} because old", f"{ONE}: `/sim retire ID because REASON`."),
        (
            f"suspend {ID} because {'x' * (REASON_LIMIT + 1)}",
            f"The reason has {REASON_LIMIT + 1} characters; keep it to {REASON_LIMIT}.",
        ),
        (
            "addon boost",
            "The SIM and what it is to get are needed: `/sim addon ID PACKAGE because REASON`. "
            "Put a name with spaces in quotes.",
        ),
        (
            f"apn {ID} internet",
            "The SIM, its APN and `on` or `off` are needed: `/sim apn ID APN on|off because REASON`.",
        ),
        (
            f"set {ID}",
            "The SIM and a custom field are needed: `/sim set ID custom2=TEXT because REASON`. "
            "Put a text with spaces in quotes.",
        ),
        (f"set {ID} custom1=a custom1=b", "custom1 stands here twice; write it once."),
        (
            f"set {ID} custom1=a b",
            "“b” is no custom field. Write custom1=… to custom5=…: `/sim set ID custom2=TEXT because REASON`.",
        ),
        (
            f"set {ID} custom1=a custom6=b",
            "“custom6=b” is no custom field. Write custom1=… to custom5=…: `/sim set ID custom2=TEXT because REASON`.",
        ),
        (f"set {ID} custom3={'x' * 201}", "custom3 would have 201 characters; a custom field holds 200."),
        (f"sms {ID}", "The SIM and the text are needed: `/sim sms ID TEXT`. Put a label with spaces in quotes."),
        (f"sms {ID} {'x' * 1001}", "The text has 1,001 characters; an SMS takes 1,000."),
        (
            "sms 8949 2126 0000 hello",
            "Where does the SIM's number end? Write it without spaces, or in quotes: `/sim sms ID TEXT`.",
        ),
    ],
)
def test_what_is_not_understood(typed: str, words: str):
    """What cannot be done is answered with the reason and with what to type instead."""
    with pytest.raises(BadInput) as refusal:
        read_command(typed)

    assert str(refusal.value) == words


@pytest.mark.parametrize("verb", [verb for verb in CHANGES if verb != "sms"])
def test_a_change_names_exactly_one_sim(verb: str):
    """However many numbers stand there, a change never takes one of them and forgets the rest."""
    behind = {"plan": " p", "addon": " p", "apn": " a on", "set": " custom1=x"}.get(verb, "")
    for typed in (f"{ID} {ID}", f"{ID},{ID}", f"{ID}, {ID}", f"{ID} 1", f"{ID} 12345"):
        try:
            command = read_command(f"{verb} {typed}{behind}")
        except BadInput:
            continue
        assert command.named == typed


@pytest.mark.parametrize("verb", list(VERBS))
def test_every_verb_of_the_table_can_be_typed(verb: str):
    """What help lists is understood, in any case, with what its line shows behind it."""
    behind = VERBS[verb].usage.split("` or `")[-1].removeprefix(verb).strip().replace("ID", ID).replace("on|off", "on")
    for typed in (f"{verb} {behind}", f"{verb.upper()} {behind}", f"  {verb.title()}  {behind} "):
        assert read_command(typed).verb == verb


WORDS = st.sampled_from(
    [*VERBS, "because", "BECAUSE", "--here", ID, f"{ID}F", "8949", "<!channel>", "`", "٣" * 19, "-", "custom1=x", "on"]
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
    assert len(said) < 400
    assert "<" not in said
    assert said.count("`") % 2 == 0


def whole(command: Command) -> None:
    """What must hold of every command that was understood."""
    assert command.verb in (*VERBS, "menu")
    assert (command.named is not None) is (command.verb in NAMES_A_SIM)
    assert (command.order is not None) is (command.verb in CHANGES)
    assert command.order is None or command.order.operation == command.verb
    assert command.reason is None or 0 < len(command.reason) <= REASON_LIMIT
    assert not (command.here and command.verb in CHANGES)
