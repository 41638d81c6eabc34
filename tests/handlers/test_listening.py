"""The wrapper round every listener: taken once, answered in time, and nothing leaves it but words."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.errors import BadInput, BotError, Misfilled, NotFound, StoreError
from bot.simulator.clock import HeldClock
from bot.views import parts, tables
from bot.views.parts import Message, answer
from handlers.listening import Body, Listening, Offer, Work, id_of, user_of

COMMAND: Body = {"user_id": "U1", "trigger_id": "t1"}
CLICK: Body = {"user": {"id": "U1"}, "trigger_id": "t1", "actions": [{"value": "7"}]}


@dataclass
class Answered:
    """What an `AsyncRespond` gives back."""

    status_code: int = 200
    body: str = "ok"


# The two ways in which Slack says that it does not know a block: in a status, and behind a 200.
NO = (Answered(400, "invalid_blocks"), Answered(200, '{"ok": false, "error": "invalid_blocks"}'))


@dataclass
class Stage:
    """A wrapper with all that it was told to do written down."""

    clock: HeldClock = field(default_factory=lambda: HeldClock(datetime(2026, 11, 22, tzinfo=UTC)))
    seen: set[str] = field(default_factory=set)
    acks: list[dict[str, Any]] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)
    told: list[tuple[str, str]] = field(default_factory=list)
    way_back: int | Exception = 200
    memory: Exception | None = None
    no_tables: Answered | None = None

    def __post_init__(self) -> None:
        self.listening = Listening(first_time=self.first_time, tell=self.tell, clock=self.clock)

    async def first_time(self, key: str) -> bool:
        """Remembers in memory."""
        if self.memory is not None:
            raise self.memory
        new = key not in self.seen
        self.seen.add(key)
        return new

    async def tell(self, user: str, message: Message) -> None:
        """The direct way."""
        self.told.append((user, message.text))
        self.told_blocks = message.blocks

    async def ack(self, **said: Any) -> None:
        """Slack hears it."""
        self.acks.append(said)

    async def respond(self, **said: Any) -> Answered:
        """The answer address, open or not."""
        if isinstance(self.way_back, Exception):
            raise self.way_back
        if self.no_tables is not None and any(b["type"] == "data_table" for b in said["blocks"]):
            self.refused.append(said)
            return self.no_tables
        self.sent.append(said)
        return Answered(self.way_back)

    async def command(self, work: Work, body: Body = COMMAND) -> None:
        """A command as Bolt brings it; all that can go on without time passing goes on."""
        task = asyncio.ensure_future(self.listening.command(work)(ack=self.ack, body=body, respond=self.respond))
        await self.settle()
        self.waiting = task

    async def press(self, work: Work, body: Body = CLICK) -> None:
        """A click as Bolt brings it."""
        await self.listening.pressed(work)(ack=self.ack, body=body, respond=self.respond)
        await self.settle()

    async def submit(self, work: Work, body: Body = CLICK, *, meanwhile: Body | None = None) -> None:
        """A form as Bolt brings it."""
        listener = self.listening.submitted(work, field="why", meanwhile=meanwhile)
        task = asyncio.ensure_future(listener(ack=self.ack, body=body))
        await self.settle()
        self.waiting = task

    async def shortcut(self, work: Work, body: Body) -> None:
        """A shortcut as Bolt brings it."""
        await self.listening.shortcut(work)(ack=self.ack, body=body, respond=self.respond)
        await self.settle()

    async def type_ahead(self, work: Offer) -> None:
        """A letter typed into a menu as Bolt brings it."""
        body: Body = {"type": "block_suggestion", "user": {"id": "U1"}, "action_id": "find.sim", "value": "a"}
        task = asyncio.ensure_future(self.listening.suggested(work)(ack=self.ack, body=body))
        await self.settle()
        self.waiting = task

    async def settle(self) -> None:
        """Lets everything go as far as it can."""
        for _ in range(30):
            await asyncio.sleep(0)

    async def later(self, seconds: float) -> None:
        """Time passes."""
        await self.clock.advance(seconds)
        await self.settle()


async def hello(_: Body) -> Message | None:
    """Says something at once."""
    return answer("Hello.")


async def nothing(_: Body) -> Message | None:
    """Has nothing to say."""
    return None


TABLE = Message(
    "One SIM.",
    (parts.header("SIMs"), tables.table("SIMs", [tables.Column("ICCID")], [["1"]])),
    plain=(parts.header("SIMs"), tables.text_table([tables.Column("ICCID")], [["1"]])),
)


def kinds(said: dict[str, Any]) -> list[str]:
    """The types of the blocks that were sent."""
    return [block["type"] for block in said["blocks"]]


def saying(message: Message) -> Work:
    """Says this."""

    async def work(_: Body) -> Message | None:
        return message

    return work


def slowly(stage: Stage, seconds: float) -> Work:
    """Says something after that long."""

    async def work(_: Body) -> Message | None:
        await stage.clock.sleep(seconds)
        return answer("Hello at last.")

    return work


def failing(problem: Exception) -> Work:
    """Goes wrong."""

    async def work(_: Body) -> Message | None:
        raise problem

    return work


async def test_an_answer_that_is_ready_is_the_acknowledgement():
    """A quick command is acknowledged with its answer, for the asker alone; nothing comes after it."""
    stage = Stage()

    await stage.command(hello)

    assert [(a["text"], a["response_type"]) for a in stage.acks] == [("Hello.", "ephemeral")]
    assert stage.acks[0]["blocks"]
    assert (stage.sent, stage.told, stage.listening.busy) == ([], [], 0)


async def test_a_word_before_a_late_answer():
    """A slow command is acknowledged after a second and a half, and answered where it was asked when it is ready."""
    stage = Stage()

    await stage.command(slowly(stage, 20))
    await stage.later(1.4)
    assert stage.acks == []
    await stage.later(0.2)
    assert stage.acks[0]["text"] == "One moment, I am looking it up …"
    assert stage.sent == []
    assert stage.listening.busy == 2
    await stage.later(20)

    assert [(s["text"], s["replace_original"]) for s in stage.sent] == [("Hello at last.", False)]
    assert len(stage.acks) == 1
    assert (stage.told, stage.listening.busy) == ([], 0)


@pytest.mark.parametrize("way_back", [404, 500, OSError("reset"), RuntimeError("anything")])
async def test_the_way_back_is_shut(way_back: int | Exception):
    """When the answer cannot go where it was asked, it goes to the person directly, once."""
    stage = Stage(way_back=way_back)

    await stage.command(slowly(stage, 5))
    await stage.later(2)
    await stage.later(10)

    assert stage.told == [("U1", "Hello at last.")]


async def test_a_click_is_acknowledged_at_once():
    """A click is acknowledged before the work is done, and bare; what it has to say comes after."""
    stage = Stage()

    await stage.press(slowly(stage, 60))
    assert stage.acks == [{}]
    await stage.later(60)

    assert [s["text"] for s in stage.sent] == ["Hello at last."]


async def test_a_click_that_says_nothing():
    """A click that works says nothing."""
    stage = Stage()

    await stage.press(nothing)

    assert (stage.acks, stage.sent, stage.told) == ([{}], [], [])


async def test_a_form_that_is_right_closes():
    """A form with nothing wrong in it is acknowledged bare, which closes it."""
    stage = Stage()

    await stage.submit(nothing)

    assert stage.acks == [{}]


async def test_a_form_that_is_wrong_stays_open():
    """What is wrong with a form is shown at its field, as plain text: people by no sign, and signs as they are."""
    stage = Stage()

    await stage.submit(failing(BadInput("<@U7> wrote 1 < 2 & `that`.")))

    assert stage.acks == [{"response_action": "errors", "errors": {"why": "somebody else wrote 1 < 2 & that."}}]


async def test_fields_that_are_wrong():
    """What is wrong with several fields of a form is shown at each of them; too late, it is told directly."""
    problem = Misfilled("Write one. Write two.", problems={"one": "Write <one>.", "two": "Write two."})
    stage = Stage()
    await stage.submit(failing(problem))
    assert stage.acks == [{"response_action": "errors", "errors": {"one": "Write <one>.", "two": "Write two."}}]

    async def late(_: Body) -> Message | None:
        await stage.clock.sleep(5)
        raise problem

    stage = Stage()
    await stage.submit(late)
    await stage.later(1.6)
    await stage.later(5)
    assert (stage.acks, stage.told) == ([{}], [("U1", "Write one. Write two.")])


async def test_what_is_shown_meanwhile():
    """While a form is worked on for longer, something else stands in its place; in time, it just closes."""
    view = {"type": "modal", "title": "Reading"}
    stage = Stage()
    await stage.submit(nothing, meanwhile=view)
    assert stage.acks == [{}]

    stage = Stage()
    await stage.submit(slowly(stage, 5), meanwhile=view)
    await stage.later(1.6)
    assert stage.acks == [{"response_action": "update", "view": view}]
    await stage.later(5)
    assert stage.told == [("U1", "Hello at last.")]


async def test_a_form_that_takes_long():
    """A form that takes longer than Slack waits is closed; what is wrong with it is told directly."""
    stage = Stage()

    await stage.submit(slowly(stage, 5))
    await stage.later(1.6)
    assert stage.acks == [{}]
    await stage.later(5)

    assert stage.told == [("U1", "Hello at last.")]


@pytest.mark.parametrize("kind", ["command", "press", "submit"])
@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (NotFound("There is no such thing."), "There is no such thing."),
        (BotError("Anything of ours."), "Anything of ours."),
        (ValueError("secret xoxb-123"), "Something went wrong here (ref "),
        (KeyError("secret xoxb-123"), "Something went wrong here (ref "),
        (AssertionError("secret xoxb-123"), "Something went wrong here (ref "),
    ],
)
async def test_nothing_leaves_a_listener(kind: str, problem: Exception, words: str):
    """What goes wrong is answered: ours in its words, the rest with a number, and never with what was in it."""
    stage = Stage()

    await getattr(stage, kind)(failing(problem))

    said = str(stage.acks) + str(stage.sent)
    assert words in said
    assert "secret" not in said
    assert len(stage.acks) == 1
    assert stage.listening.busy == 0


@pytest.mark.parametrize("kind", ["command", "press", "submit"])
async def test_taken_once(kind: str):
    """The same delivery a second time is acknowledged bare, and not worked on."""
    stage = Stage()
    done = []

    async def work(_: Body) -> Message | None:
        done.append(1)
        return None

    for _ in range(3):
        await getattr(stage, kind)(work)

    assert done == [1]
    assert stage.acks == [{}] * 3


async def test_the_memory_of_deliveries_fails():
    """When the store cannot note that something was typed it is answered all the same: looking up needs no store."""
    stage = Stage(memory=StoreError("The disk is full."))

    await stage.press(hello)

    assert [s["text"] for s in stage.sent] == ["Hello."]


# --- blocks that a workspace may not know ---


async def test_a_command_with_native_blocks_is_answered_after_its_acknowledgement():
    """What Slack may refuse is never in the acknowledgement, of which we would hear nothing; it is sent once."""
    stage = Stage()

    await stage.command(saying(TABLE))

    assert stage.acks == [{}]
    assert [kinds(said) for said in stage.sent] == [["header", "data_table"]]
    assert stage.sent[0]["replace_original"] is False
    assert (stage.told, stage.listening.busy) == ([], 0)


@pytest.mark.parametrize("kind", ["command", "press"])
@pytest.mark.parametrize("no", NO)
@pytest.mark.parametrize("public", [True, False])
async def test_native_blocks_are_refused(kind: str, no: Answered, public: bool):
    """When Slack refuses the native blocks, the plain ones go the same way to the same readers, with the same text."""
    stage = Stage(no_tables=no)

    await getattr(stage, kind)(saying(replace(TABLE, public=public)))

    assert [kinds(said) for said in stage.refused] == [["header", "data_table"]]
    assert [kinds(said) for said in stage.sent] == [["header", "rich_text"]]
    assert stage.sent[0]["text"] == "One SIM."
    assert stage.sent[0]["response_type"] == ("in_channel" if public else "ephemeral")
    assert stage.told == []


async def test_native_blocks_are_refused_and_the_way_back_is_shut():
    """By direct message, where nothing can be tried twice, the plain blocks go."""
    stage = Stage(way_back=404)

    await stage.press(saying(TABLE))

    assert stage.told == [("U1", "One SIM.")]
    assert stage.told_blocks == TABLE.plain


# --- an answer in the place of another ---


@pytest.mark.parametrize(("ephemeral", "seen_by"), [(True, "ephemeral"), (False, "in_channel")])
async def test_a_page_turns_where_it_stands(ephemeral: bool, seen_by: str):
    """An answer that replaces takes the place of the message pressed, and is seen by whoever saw that one."""
    stage = Stage()
    body = {**CLICK, "container": {"type": "message", "message_ts": "1.2", "is_ephemeral": ephemeral}}

    await stage.press(saying(replace(TABLE, replace=True)), body)

    assert [(said["replace_original"], said["response_type"]) for said in stage.sent] == [(True, seen_by)]


async def test_a_replacement_with_native_blocks_that_are_refused():
    """The plain blocks replace as the native ones would have."""
    stage = Stage(no_tables=NO[0])
    body = {**CLICK, "container": {"type": "message", "message_ts": "1.2", "is_ephemeral": True}}

    await stage.press(saying(replace(TABLE, replace=True)), body)

    assert [(said["replace_original"], kinds(said)) for said in stage.sent] == [(True, ["header", "rich_text"])]


@pytest.mark.parametrize("container", [{}, {"container": {"type": "view", "view_id": "V1"}}])
async def test_nothing_to_replace(container: Body):
    """Where nothing of ours was pressed in a message, there is nothing to replace."""
    stage = Stage()

    await stage.press(saying(replace(TABLE, replace=True)), {**CLICK, **container})

    assert [said["replace_original"] for said in stage.sent] == [False]


async def test_a_refusal_never_replaces():
    """What went wrong with a press stands beside the page that was pressed, which stays as it was."""
    stage = Stage()
    body = {**CLICK, "container": {"type": "message", "message_ts": "1.2", "is_ephemeral": True}}

    await stage.press(failing(NotFound("This page is gone.")), body)

    assert [(said["text"], said["replace_original"]) for said in stage.sent] == [("This page is gone.", False)]


async def test_a_form_that_is_right_and_has_something_to_say():
    """A form that went well closes; what came of it is told directly, and not as a mistake in a field."""
    stage = Stage()

    await stage.submit(saying(TABLE))

    assert stage.acks == [{}]
    assert stage.told == [("U1", "One SIM.")]


# --- shortcuts and menus that search ---


async def test_a_shortcut_of_a_message_is_answered_beside_it():
    """A message shortcut is acknowledged at once and answered at its own address, for whoever started it."""
    stage = Stage()

    await stage.shortcut(hello, {**CLICK, "type": "message_action", "response_url": "https://slack.example/x"})

    assert stage.acks == [{}]
    assert [(said["text"], said["response_type"]) for said in stage.sent] == [("Hello.", "ephemeral")]
    assert stage.told == []


async def test_a_global_shortcut_is_answered_directly():
    """A global shortcut has no place of its own: what it has to say, a refusal too, goes to the person."""
    stage = Stage()

    await stage.shortcut(hello, {**CLICK, "type": "shortcut", "trigger_id": "t1"})
    await stage.shortcut(failing(NotFound("No such thing.")), {**CLICK, "type": "shortcut", "trigger_id": "t2"})
    await stage.shortcut(hello, {**CLICK, "type": "shortcut", "trigger_id": "t2"})

    assert stage.acks == [{}] * 3
    assert stage.told == [("U1", "Hello."), ("U1", "No such thing.")]
    assert stage.sent == []


async def test_options_are_offered():
    """What the work finds is offered as Slack takes it: at most a hundred, with words that fit, each value once."""
    stage = Stage()

    async def find(body: Body) -> Sequence[tuple[str, str]]:
        return [(f"{body['value']}{'x' * 100}", "1"), ("again", "1"), *((str(n), str(n)) for n in range(2, 200))]

    await stage.type_ahead(find)

    [said] = stage.acks
    assert len(said["options"]) == 100
    assert said["options"][0] == {
        "text": {"type": "plain_text", "text": "a" + "x" * 73 + "…", "emoji": False},
        "value": "1",
    }
    assert stage.seen == set()


@pytest.mark.parametrize("problem", [BadInput("No."), ValueError("secret xoxb-123"), KeyError("x")])
async def test_a_search_that_fails_offers_nothing(problem: Exception):
    """A menu whose search goes wrong is answered with no options, and in time."""
    stage = Stage()

    async def find(_: Body) -> Sequence[tuple[str, str]]:
        raise problem

    await stage.type_ahead(find)

    assert stage.acks == [{"options": []}]


async def test_a_search_that_takes_long_offers_nothing():
    """A menu whose search takes longer than Slack waits is answered before, and the search is given up."""
    stage = Stage()
    ended: list[str] = []

    async def find(_: Body) -> Sequence[tuple[str, str]]:
        try:
            await stage.clock.sleep(10)
        finally:
            ended.append("given up")
        return [("too late", "1")]

    await stage.type_ahead(find)
    await stage.later(2.4)
    assert stage.acks == []
    await stage.later(0.2)

    assert stage.acks == [{"options": []}]
    assert (ended, stage.listening.busy) == (["given up"], 0)


async def test_an_event_is_worked_on_once_and_answered_by_nobody():
    """An event is acknowledged at once and worked on once; what goes wrong in it is nobody's to read."""
    stage = Stage()
    body: Body = {"event_id": "Ev1", "event": {"user": "U1"}}

    for _ in range(2):
        await stage.listening.event(failing(NotFound("Nobody reads this.")))(ack=stage.ack, body=body)
        await stage.settle()

    assert stage.acks == [{}, {}]
    assert (stage.sent, stage.told) == ([], [])


async def test_draining_waits_for_what_is_under_way():
    """Before the bot ends, what was begun comes to its end."""
    stage = Stage()
    await stage.press(slowly(stage, 5))

    draining = asyncio.ensure_future(stage.listening.drain(20))
    await stage.settle()
    assert not draining.done()
    await stage.later(5)
    await draining

    assert [s["text"] for s in stage.sent] == ["Hello at last."]


@pytest.mark.parametrize(
    "body",
    [
        {"user_id": "U1"},
        {"user": {"id": "U1"}},
        {"user": "U1"},
        {"event": {"user": "U1"}},
        {"event": {"user_id": "U1"}},
    ],
)
def test_who_sent_it(body: Body):
    """The person is found in each of the shapes in which Slack names them."""
    assert user_of(body) == "U1"


def test_the_number_a_button_carries():
    """A number comes from the button, or from the form where there is no button."""
    assert id_of(CLICK) == 7
    assert id_of({"view": {"private_metadata": "12"}}) == 12
    assert id_of({"actions": [{"type": "external_select", "selected_option": {"value": "9"}}]}) == 9
    assert id_of({"actions": [], "view": {"private_metadata": "3"}}) == 3


@pytest.mark.parametrize("value", [None, "", " 7", "7 ", "-7", "+7", "7.0", "0x7", "７", "٧", "²", "9" * 16, 7, ["7"]])
def test_what_is_no_number(value: object):
    """Everything that is not a plain number of at most fifteen digits is refused in words."""
    with pytest.raises(BadInput, match="Use the newest card"):
        id_of({"actions": [{"value": value}]})
    with pytest.raises(BadInput):
        id_of({"view": {"private_metadata": value}})
