"""What must hold of everything that is drawn, and the worst that can be put into it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block as SdkBlock

from bot.simulator.slack.limits import check_message, check_sent_view
from bot.simulator.slack.words import elements, pings, read
from bot.views.parts import Message
from tests.asked import GICCID, NOW
from tests.schemas import block_misfits, misfits

__all__ = ["GICCID", "NOW"]
# Blocks of 2026 that Slack's Python classes do not know; @slack/types does not know the second either.
NEWER = {"data_table", "data_visualization"}

# Drawing is slow for a property, and a busy machine is no defect.
enough = settings(deadline=None)

NASTY = (
    "",
    " ",
    "\n",
    "<!channel>",
    "<!here|here>",
    "<!everyone>",
    "<!subteam^S0123ABCD>",
    "<@U0123ABCD>",
    "<@U0123ABCD|boss>",
    "<#C0123ABCD|general>",
    "<https://evil.example|your bank>",
    "https://evil.example/?a=1&b=2",
    "*bold* _it_ ~no~ `code` ```block```",
    "`<@U0123ABCD>`",
    "&lt;!channel&gt; &amp;",
    "@channel @here #general :smile:",
    "a\nb\r\nc\td",
    "\u202eesrever\u202c \u2066x\u2069",
    "\u0000\u0007\u001b[31m\u0085",
    "\ud800 half a character",
    "😀👩‍👩‍👧‍👦🇩🇪" * 3,
    "עברית العربية",
    "Z̸͍̏a̷͙͌l̵͎̈́g̶̫̈́o̸̗͝",
    "=HYPERLINK(1)",
    "x" * 10_000,
    "&" * 10_000,
    "<" * 10_000,
    "😀" * 10_000,
    "a\n" * 5_000,
    "`a` " * 2_000,
)
HUGE = tuple(text for text in NASTY if len(text) > 1000)
# In a third of all cases all texts are the same huge one, in a third the same nasty one: limits break where all is long
TEXT = st.shared(st.sampled_from(["own", "nasty", "huge"]), key="how").flatmap({
    "own": st.one_of(st.sampled_from(NASTY), st.text(max_size=40)),
    "nasty": st.shared(st.sampled_from(NASTY), key="nasty"),
    "huge": st.shared(st.sampled_from(HUGE), key="huge"),
}.__getitem__)  # fmt: skip
MAYBE = st.one_of(st.none(), TEXT)
COUNT = st.one_of(st.integers(0, 2**63), st.sampled_from([0, 1, 2**31, 2**63 - 1, 2**63]))
TIMES = st.integers(0, 253_402_300_799).map(lambda second: datetime.fromtimestamp(second, UTC))
IDS = st.sampled_from([1, 12, 2**63 - 1])


def maybe(one: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """The same, or nothing."""
    return st.one_of(st.none(), one)


def few(one: st.SearchStrategy[Any], *, least: int = 0, most: int = 2, times: Sequence[int] = (1, 17)) -> Any:
    """A few of them, each as often as it may come: to draw very many takes longer than to judge them."""
    lists = st.lists(one, min_size=least, max_size=most)
    return st.tuples(lists, st.sampled_from(times)).map(lambda many: many[0] * many[1])


def parts(thing: object) -> Iterator[Mapping[str, Any]]:
    """Every object in a block, at any depth."""
    if isinstance(thing, Mapping):
        yield thing
        for part in thing.values():
            yield from parts(part)
    elif isinstance(thing, Sequence) and not isinstance(thing, str):
        for part in thing:
            yield from parts(part)


def buttons(blocks: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Each button's words with its action."""
    return {str(e["text"]["text"]): str(e["action_id"]) for _, e in elements(blocks) if e["type"] == "button"}


def words(message: Message) -> str:
    """All that is read in a message's blocks."""
    return " ".join(read(message.blocks))


def sound(message: Message, *, people: Sequence[str] = (), links: Sequence[str] = ()) -> None:
    """Slack takes the message, in both of its forms, it says something without its blocks, and it notifies these people
    and user groups and nobody else.

    Slack is judged thrice: by its limits, by its TypeScript types, and by its Python classes.
    """
    check_message(text=message.text, blocks=list(message.blocks), attachments=None, most=4000)
    assert [wrong for b in message.blocks if b["type"] != "data_visualization" for wrong in block_misfits([b])] == []
    known_to_the_sdk(message)
    assert message.text.strip()
    assert pings(message) <= set(people)
    bare = message.text
    for mention in [*(f"<!subteam^{p}>" if p[0] == "S" else f"<@{p}>" for p in people), *(f"<#{c}>" for c in links)]:
        bare = bare.replace(mention, "")
    assert not re.search(r"[<>]", bare)
    assert not re.search(r"&(?!amp;|lt;|gt;|[a-z]{0,3}…$)", bare)
    _harmless(message.blocks)
    if message.plain is not None:
        sound(replace(message, blocks=message.plain, plain=None), people=people, links=links)


def known_to_the_sdk(message: Message) -> None:
    """Slack's own Python classes know every block and find nothing wrong with it."""
    blocks = [block for block in message.blocks if block["type"] not in NEWER]
    parsed = SdkBlock.parse_all(blocks)
    assert len(parsed) == len(blocks)
    for block in parsed:
        block.validate_json()


def sound_view(view: Mapping[str, Any], *, kind: str) -> None:
    """Slack takes the modal or Home, by its limits and by its types, and nothing in it is read as markup."""
    check_sent_view(dict(view), kind=kind)
    assert misfits("View", view) == []
    known_to_the_sdk(Message("x", tuple(view["blocks"])))
    assert str(view.get("private_metadata", "0")).isdecimal()
    _harmless(view["blocks"])


def _harmless(blocks: Sequence[Mapping[str, Any]]) -> None:
    assert json.dumps(blocks, ensure_ascii=False).encode()
    for part in parts(blocks):
        # Text from outside goes into plain text and rich-text words, which Slack never reads for signs.
        assert part.get("type") not in {"mrkdwn", "markdown", "broadcast", "emoji", "section"}
        # No word from outside is a link; ours lead to a message in Slack, and nowhere else.
        assert part.get("type") != "link" or re.fullmatch(
            r"https://acme\.slack\.com/archives/C9/p\d+", str(part["url"])
        )
        if part.get("type") == "button":
            assert re.fullmatch(r"[0-9]+", part["value"])
            assert "url" not in part
        if isinstance(part.get("text"), str):
            assert not re.search(
                r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", part["text"]
            )
