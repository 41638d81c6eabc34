"""What stands in a message that somebody points at, whatever shape Slack gives it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.numbers import numbers_in
from bot.rules.pasted import files_of, words_of

ICCID = "8949212600000000142"


def rich(*pieces: dict[str, Any]) -> dict[str, Any]:
    """A message with one line of rich text."""
    section = {"type": "rich_text_section", "elements": list(pieces)}
    return {"text": "", "blocks": [{"type": "rich_text", "elements": [section]}]}


MESSAGES: dict[str, dict[str, Any]] = {
    "its text": {"text": f"sim {ICCID} is off"},
    "a line in two styles": rich(
        {"type": "text", "text": ICCID[:5], "style": {"bold": True}}, {"type": "text", "text": ICCID[5:]}
    ),
    "a link": rich({"type": "link", "url": f"https://example.com/sims/{ICCID}"}),
    "a section": {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": f"*{ICCID}*"}}]},
    "a table": {"blocks": [{"type": "data_table", "rows": [[{"type": "raw_text", "text": ICCID}]]}]},
    "an old attachment": {"attachments": [{"fallback": "x", "fields": [{"title": "SIM", "value": ICCID}]}]},
}


@pytest.mark.parametrize("where", list(MESSAGES))
def test_where_a_number_may_stand(where: str):
    """A number is found once wherever in a message it stands."""
    assert [n.digits for n in numbers_in(words_of(MESSAGES[where]))] == [ICCID]


def test_what_slack_escapes():
    """What Slack writes for the three signs it escapes is what was typed."""
    assert words_of({"text": "a &lt;b&gt; &amp;amp; c"}) == "a <b> &amp; c"


def test_the_files():
    """The files of a message are named by their ids; what is no file of Slack's is none."""
    assert files_of({"files": [{"id": "F1"}, {"id": "F2"}, {"name": "x"}, "F3", {"id": 4}]}) == ("F1", "F2")
    assert files_of({}) == files_of({"files": None}) == ()


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(("type", "text", "blocks", "elements", "files", "id", "value")), inner),
    ),
    max_leaves=20,
)


@given(message=st.dictionaries(st.sampled_from(("text", "blocks", "attachments", "files")), JSON))
def test_no_shape_breaks_it(message: dict[str, Any]):
    """A message of whatever shape has words, perhaps none, and files, perhaps none."""
    assert isinstance(words_of(message), str)
    assert all(isinstance(one, str) for one in files_of(message))
