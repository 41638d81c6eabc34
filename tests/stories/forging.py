"""Clicks and forms as nobody's Slack would send them, but signed as Slack's: what a card says is not to be trusted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

from bot.simulator.slack import Message
from bot.simulator.slack.sending import Ack
from tests.talk import World

Json = dict[str, Any]


def click(world: World, card: Message, action: str, *, by: str, value: object) -> Json:
    """The payload of a click on a button that need not be there, with a trigger and an answer address of its own."""
    slack = world.slack
    button: Json = {"action_id": action, "block_id": "approval", "type": "button", "action_ts": "1795336200.000001"}
    return {
        **slack.payloads.base("block_actions", by=by),
        **slack.payloads.from_message(card, by=by),
        "trigger_id": slack.space.new_trigger(by),
        "response_url": slack.answers.new_url(channel=card.channel, user=by, source=card),
        "actions": [{**button, "text": {"type": "plain_text", "text": "?"}, "value": value}],
    }


def form(world: World, number: object, why: object, *, by: str, what: str = "deny") -> Json:
    """The payload of a form that asks why, as if it had been filled and sent; `what` it is for, as the bot names it."""
    view: Json = {"id": "V1", "type": "modal", "callback_id": f"approval.why.{what}", "private_metadata": number}
    view["state"] = {"values": {"why": {"why": {"type": "plain_text_input", "value": why}}}}
    base = world.slack.payloads.base("view_submission", by=by)
    return {**base, "trigger_id": world.slack.space.new_trigger(by), "view": view, "response_urls": []}


def sending(world: World, payload: Json) -> Awaitable[Ack]:
    """A payload under way."""
    return world.slack.line.interaction(payload)


async def after(turns: int, work: Awaitable[Any]) -> Any:
    """What comes of the work, begun so many turns of the loop later: before, among or behind what others do."""
    for _ in range(turns):
        await asyncio.sleep(0)
    return await work


async def send(world: World, payload: Json) -> Ack:
    """What the bot acknowledges, after it has come to rest."""
    return await world.through(world.slack.line.interaction(payload))


def answers(world: World, user: str) -> list[str]:
    """All that was said to this person alone, in any channel, each on one line."""
    every = [m for place in world.slack.space.written.values() for m in place.values() if m.ephemeral_to == user]
    return [" ".join(m.words.split()) for m in sorted(every, key=lambda m: m.ts)]
