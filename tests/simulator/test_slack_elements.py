"""What choices in menus and inputs look like to the bot, and which forms Slack's client sends."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.simulator.slack import FormRefused, Slack
from bot.simulator.slack.elements import check_filled, chosen_state, first_state, state_of
from tests.simulator.slack_world import SmallBot, button, client_of, make_slack, plain, running, small_bot, text

Json = dict[str, Any]
RED, BLUE = [{"text": plain(name), "value": name.lower()} for name in ("Red", "Blue")]
COLOURS = [RED, BLUE]


@pytest.mark.parametrize(
    ("element", "value", "state"),
    [
        ({"type": "static_select", "options": COLOURS}, "blue", {"selected_option": BLUE}),
        ({"type": "static_select", "options": COLOURS}, "Blue", {"selected_option": BLUE}),
        ({"type": "static_select", "options": COLOURS}, "", {"selected_option": None}),
        (
            {"type": "multi_static_select", "option_groups": [{"label": plain("C"), "options": COLOURS}]},
            ["Red", "blue"],
            {"selected_options": [RED, BLUE]},
        ),
        ({"type": "checkboxes", "options": COLOURS}, [], {"selected_options": []}),
        ({"type": "radio_buttons", "options": COLOURS}, "Red", {"selected_option": RED}),
        ({"type": "overflow", "options": COLOURS}, "Red", {"selected_option": RED}),
        ({"type": "users_select"}, "U0ANNA", {"selected_user": "U0ANNA"}),
        ({"type": "multi_users_select"}, "U0ANNA", {"selected_users": ["U0ANNA"]}),
        ({"type": "conversations_select"}, "C0OPS", {"selected_conversation": "C0OPS"}),
        ({"type": "multi_channels_select"}, ["C0OPS"], {"selected_channels": ["C0OPS"]}),
        ({"type": "datepicker"}, "2026-11-22", {"selected_date": "2026-11-22"}),
        ({"type": "timepicker"}, "09:30", {"selected_time": "09:30"}),
        ({"type": "datetimepicker"}, "1800000000", {"selected_date_time": 1_800_000_000}),
        ({"type": "plain_text_input"}, "words", {"value": "words"}),
        ({"type": "number_input"}, "", {"value": None}),
    ],
)
def test_a_choice_has_slacks_shape(element: Json, value: str | list[str], state: Json) -> None:
    """Each kind of element says what was chosen under its own key."""
    assert chosen_state(element | {"action_id": "a"}, value) == {"type": element["type"]} | state


def test_what_cannot_be_chosen_is_named_with_what_can() -> None:
    """A choice that is not offered tells what is; an external menu has what the bot just offered."""
    with pytest.raises(LookupError, match=r"“green” cannot be chosen in a; there is: Red \(red\), Blue \(blue\)"):
        chosen_state({"type": "static_select", "action_id": "a", "options": COLOURS}, "green")
    with pytest.raises(LookupError, match="there is: nothing"):
        chosen_state({"type": "external_select", "action_id": "a"}, "red")
    assert chosen_state({"type": "external_select", "action_id": "a"}, "red", offered=COLOURS)["selected_option"] == RED


@pytest.mark.parametrize(
    ("element", "state"),
    [
        ({"type": "plain_text_input", "initial_value": "x"}, {"value": "x"}),
        ({"type": "plain_text_input"}, {"value": None}),
        ({"type": "static_select", "options": COLOURS, "initial_option": RED}, {"selected_option": RED}),
        ({"type": "checkboxes", "options": COLOURS, "initial_options": [BLUE]}, {"selected_options": [BLUE]}),
        ({"type": "multi_users_select"}, {"selected_users": []}),
        ({"type": "datepicker", "initial_date": "2026-11-22"}, {"selected_date": "2026-11-22"}),
    ],
)
def test_an_untouched_element_has_its_first_state(element: Json, state: Json) -> None:
    """What stands in an input at first is sent as if it had been chosen."""
    assert first_state(element) == {"type": element["type"]} | state


def form(element: Json, **more: Any) -> Json:
    block = {"type": "input", "block_id": "b", "label": plain("Label"), "element": element | {"action_id": "a"}}
    return {"blocks": [block | more]}


TYPED = {"type": "plain_text_input"}
NUMBER = {"type": "number_input", "is_decimal_allowed": False, "min_value": "1", "max_value": "9"}


@pytest.mark.parametrize(
    ("view", "good", "bad"),
    [
        (form(TYPED), "x", ""),
        (form(TYPED | {"min_length": 2}), "xx", "x"),
        (form(TYPED | {"max_length": 2}), "xx", "xxx"),
        (form(TYPED), "x" * 3000, "x" * 3001),
        (form(NUMBER), "1", "0"),
        (form(NUMBER), "9", "10"),
        (form(NUMBER), "5", "5.5"),
        (form(NUMBER | {"is_decimal_allowed": True}), "5.5", "five"),
        (form({"type": "email_text_input"}), "a@example.com", "a@example"),
        (form({"type": "url_text_input"}), "https://example.com", "example.com"),
        (form({"type": "multi_users_select", "max_selected_items": 1}), ["U0ANNA"], ["U0ANNA", "U0BEN"]),
        (form({"type": "checkboxes", "options": COLOURS}), ["red"], []),
    ],
)
def test_slacks_client_sends_good_forms_only(view: Json, good: str | list[str], bad: str | list[str]) -> None:
    """What is missing, too short, too long or of the wrong kind is told beside the input and not sent."""

    def state(value: str | list[str]) -> Json:
        return state_of(view["blocks"], {"b": {"a": chosen_state(view["blocks"][0]["element"], value)}})

    check_filled(view, state(good))
    with pytest.raises(FormRefused, match="Label: ") as refused:
        check_filled(view, state(bad))
    assert refused.value.errors.keys() == {"b"}


def test_optional_inputs_may_stay_empty() -> None:
    """An optional input is sent empty, and still looked at when it is filled."""
    view = form(TYPED | {"min_length": 2}, optional=True)

    check_filled(view, state_of(view["blocks"], {}))
    with pytest.raises(FormRefused):
        check_filled(view, state_of(view["blocks"], {"b": {"a": {"type": "plain_text_input", "value": "x"}}}))


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with running(make_slack()) as one:
        yield one


@pytest.fixture
async def bot(slack: Slack) -> AsyncIterator[SmallBot]:
    async with small_bot(slack) as one:
        one.app.action(re.compile("colour|more|show|quiet|find"))(one.listen)
        yield one


CARD: list[Json] = [
    text("Pick"),
    {
        "type": "actions",
        "block_id": "row",
        "elements": [
            {"type": "static_select", "action_id": "colour", "options": COLOURS},
            {"type": "overflow", "action_id": "more", "options": [{"text": plain("Mute"), "value": "mute-1"}]},
            button("Show", "show", "1"),
        ],
    },
    {"type": "section", "text": plain("Two"), "accessory": button("Show", "show", "2")},
    {
        "type": "input",
        "block_id": "ask",
        "label": plain("Quiet"),
        "element": {"type": "plain_text_input", "action_id": "quiet"},
    },
    {
        "type": "input",
        "block_id": "find",
        "dispatch_action": True,
        "label": plain("Find"),
        "element": {"type": "plain_text_input", "action_id": "find"},
    },
]


async def test_choices_in_a_card_reach_the_bot_and_are_remembered(slack: Slack, bot: SmallBot) -> None:
    """A choice is sent with its option, and stands in the state of later clicks by the same person, not by others."""
    await client_of(slack).chat_postMessage(channel="C0OPS", text="card", blocks=CARD)
    card = slack.messages("C0OPS")[0]

    await slack.choose(card, "colour", "Blue", by="U0ANNA")
    await slack.press(card, "Mute", by="U0ANNA")
    await slack.press(card, "Show", by="U0ANNA", value="2")
    await slack.press(card, "Show", by="U0BEN", value="1")

    colour, mute, two, one = bot.heard
    assert colour["actions"][0]["selected_option"] == BLUE
    assert (mute["actions"][0]["action_id"], mute["actions"][0]["selected_option"]["value"]) == ("more", "mute-1")
    assert two["actions"][0]["value"] == "2"
    assert two["state"]["values"]["row"]["colour"]["selected_option"] == BLUE
    assert one["state"]["values"]["row"]["colour"]["selected_option"] is None
    with pytest.raises(LookupError, match="There are 2 buttons “Show” here"):
        await slack.press(card, "Show", by="U0ANNA")


async def test_only_dispatching_inputs_tell_the_bot_at_once(slack: Slack, bot: SmallBot) -> None:
    """Typing is told to the bot where it asked for that, and only then."""
    await client_of(slack).chat_postMessage(channel="C0OPS", text="card", blocks=CARD)
    card = slack.messages("C0OPS")[0]

    await slack.choose(card, "quiet", "psst", by="U0ANNA")
    assert bot.heard == []
    await slack.choose(card, "find", "8944", by="U0ANNA")

    assert bot.heard[0]["actions"][0]["value"] == "8944"
    assert bot.heard[0]["state"]["values"]["ask"]["quiet"]["value"] == "psst"


async def test_a_click_in_home_and_in_an_ephemeral_message(slack: Slack, bot: SmallBot) -> None:
    """A click in Home carries the view and no response_url; of an ephemeral message Slack tells only the place."""
    await client_of(slack).views_publish(user_id="U0ANNA", view={"type": "home", "blocks": CARD[:2]})
    await client_of(slack).chat_postEphemeral(channel="C0OPS", user="U0ANNA", text="x", blocks=CARD[:2])

    await slack.press(slack.home("U0ANNA"), "show", by="U0ANNA")
    await slack.press(slack.seen(by="U0ANNA", channel="C0OPS")[0], "show", by="U0ANNA")

    home, ephemeral = bot.heard
    assert home["view"]["type"] == "home"
    assert {"response_url", "channel", "message"}.isdisjoint(home)
    assert ephemeral["container"]["is_ephemeral"] is True
    assert "message" not in ephemeral
    assert ephemeral["response_url"].startswith(slack.origin)
