"""What is read in messages, and whom they notify."""

from __future__ import annotations

from typing import Any

import pytest

from bot.simulator.slack import Message, pings
from tests.simulator.slack_world import button, plain


def message(text: str = "", *blocks: dict[str, Any]) -> Message:
    return Message(channel="C0OPS", ts="1.000001", user="U0SIMOPS", text=text, blocks=blocks)


def mrkdwn(words: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": words}


@pytest.mark.parametrize(
    ("words", "who"),
    [
        ("<!channel>", {"channel"}),
        ("<!here|here> and <!everyone>", {"here", "everyone"}),
        ("<@U0ANNA> <@W0BEN|ben>", {"U0ANNA", "W0BEN"}),
        ("<!subteam^S0OPS> <!subteam^S0TOP|@top>", {"S0OPS", "S0TOP"}),
        ("&lt;!channel&gt; @channel @here <!date^1^{date}|x> <#C0OPS> <https://e.com>", set()),
        ("<\u200b!channel>", set()),
    ],
)
def test_mentions_ping_where_slack_reads_markup(words: str, who: set[str]) -> None:
    """Mentions are live in the text, in sections, fields, contexts, confirms and markdown; never in plain text."""
    section = {"type": "section", "text": mrkdwn(words)}
    places = [
        message(words),
        message("", section),
        message("", {"type": "section", "fields": [mrkdwn(words)]}),
        message("", {"type": "context", "elements": [mrkdwn(words)]}),
        message("", {"type": "markdown", "text": words}),
    ]
    quiet = [
        message("", {"type": "header", "text": plain(words)}),
        message("", {"type": "section", "text": plain(words)}),
        message("", {"type": "actions", "elements": [button(words, "a")]}),
        message("", {"type": "data_table", "caption": words, "rows": [[{"type": "raw_text", "text": words}]]}),
        message("", {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [
            {"type": "text", "text": words}]}]}),
    ]  # fmt: skip

    assert [pings(m) for m in places] == [who] * len(places)
    assert [pings(m) for m in quiet] == [set()] * len(quiet)


def test_rich_text_pings_by_its_parts() -> None:
    """A broadcast, a user and a group in rich text notify."""
    parts = [
        {"type": "broadcast", "range": "channel"},
        {"type": "user", "user_id": "U0ANNA"},
        {"type": "usergroup", "usergroup_id": "S0OPS"},
    ]
    block = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": parts}]}

    assert pings(message("", block)) == {"channel", "U0ANNA", "S0OPS"}


def test_words_are_all_that_is_read() -> None:
    """Texts of every block are read from top to bottom; the text beside the blocks is not shown."""
    rows = [[{"type": "raw_text", "text": "SIM"}], [{"type": "raw_number", "value": 7, "text": "7"}]]
    card = message(
        "not shown",
        {"type": "header", "text": plain("Title")},
        {"type": "section", "text": mrkdwn("*Text*"), "fields": [mrkdwn("Field")], "accessory": button("Side", "s")},
        {"type": "image", "image_url": "u", "alt_text": "A picture"},
        {"type": "data_table", "caption": "Caption", "rows": rows},
        {
            "type": "data_visualization",
            "title": "Chart",
            "chart": {"type": "pie", "segments": [{"label": "Used", "value": 3}]},
        },
        {"type": "actions", "elements": [button("Approve", "a"), button("Deny", "d")]},
    )

    assert card.words.split("\n") == [
        "Title", "*Text*", "Field", "Side", "A picture", "Caption", "SIM", "7", "Chart", "Used: 3", "Approve", "Deny",
    ]  # fmt: skip
    assert card.buttons == ["Side", "Approve", "Deny"]
    assert message("shown").words == "shown"
