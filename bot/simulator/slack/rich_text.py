"""The shape of rich text. Pure. https://docs.slack.dev/reference/block-kit/blocks/rich-text-block"""

from __future__ import annotations

from bot.simulator.slack.checks import Check, array, fields, flag, kinds, number, string, word

STYLE = fields(
    {},
    dict.fromkeys(("bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink"), flag),
)
STYLED = {"style": STYLE}
ID = string(None)

SPANS: dict[str, Check] = {
    "text": fields({"text": string(None, least=0)}, STYLED),
    "link": fields({"url": string(None)}, {**STYLED, "text": string(None), "unsafe": flag}),
    "emoji": fields({"name": string(None)}, {**STYLED, "unicode": string(None), "url": string(None)}),
    "user": fields({"user_id": ID}, STYLED),
    "usergroup": fields({"usergroup_id": ID}, STYLED),
    "channel": fields({"channel_id": ID}, STYLED),
    "team": fields({"team_id": ID}, STYLED),
    "broadcast": fields({"range": word("here", "channel", "everyone")}, STYLED),
    "color": fields({"value": string(None)}, STYLED),
    "date": fields(
        {"timestamp": number(), "format": string(None)}, {**STYLED, "url": string(None), "fallback": string(None)}
    ),
}
BORDER = {"border": number(0, 1)}
SPAN_LIST = array(kinds(SPANS), most=None, least=0)
SECTION = fields({"elements": SPAN_LIST})
PARTS: dict[str, Check] = {
    "rich_text_section": SECTION,
    "rich_text_quote": fields({"elements": SPAN_LIST}, BORDER),
    "rich_text_preformatted": fields(
        {"elements": array(kinds({k: SPANS[k] for k in ("text", "link")}), most=None, least=0)},
        {**BORDER, "language": string(None)},
    ),
    "rich_text_list": fields(
        {"style": word("bullet", "ordered"), "elements": array(kinds({"rich_text_section": SECTION}), most=None)},
        {**BORDER, "indent": number(0, 8), "offset": number(0)},
    ),
}
RICH_TEXT = fields({"elements": array(kinds(PARTS), most=None, least=0)}, {"block_id": string(255)})
