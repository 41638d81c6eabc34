"""The Slack app simops needs, as Slack's app manifest, and why it needs each scope. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bot.errors import BadInput

Manifest = dict[str, dict[str, object]]

# The least there is; what is not here we cannot do, and need not explain to whoever approves the app.
SCOPES: Mapping[str, str] = MappingProxyType(
    {
        "commands": "to be there when somebody types the slash command",
        "chat:write": "to post approvals, alerts, notifications and answers, and to redraw them",
        "im:write": "to open a direct message with the person whose request was decided",
        "channels:read": "to check that the configured public channels exist and that the bot is in them",
        "groups:read": "to check the same of private channels; it sees only those it was invited to",
        "usergroups:read": "to know who is in the user groups that hold a role",
        "channels:history": "to keep what is written under requests, and to see if a message of ours is there already",
        "groups:history": "to see the same in private channels",
        "im:history": "to see the same in direct messages",
        "files:read": "to look for SIMs in a file that somebody puts into the form, shares beside simops, or points at",
        "files:write": "to give a list, a history or a report as a file",
        "users:read": "to know a person's time zone, and that somebody has no account any more",
    }
)

# https://docs.slack.dev/interactivity/implementing-shortcuts: name, type, callback id, what it does.
SHORTCUTS = (
    ("Find a SIM", "global", "simops.find", "Looks up a SIM by any of its numbers, or its label"),
    ("Change many SIMs", "global", "simops.bulk", "Asks for the same change of a list of SIMs"),
    ("SIMs in this message", "message", "simops.sims_here", "Finds the numbers of SIMs in a message"),
)
SHORTCUT = ("name", "type", "callback_id", "description")
# https://docs.slack.dev/reference/events: opening the Home tab, what is written where the bot is, and a file that is
# shared there.
EVENTS = ("app_home_opened", "message.channels", "message.groups", "file_shared")


def manifest(*, command: str, url: str | None, socket_mode: bool) -> Manifest:
    """The manifest for this command: https://docs.slack.dev/reference/app-manifest

    `url` is where simops is reached from outside, without a path of its own; in Socket Mode there is none to give, and
    one that is given is left out. Raises BadInput where Slack would not know how to reach us.
    """
    if not socket_mode and not (url or "").startswith("https://"):
        raise BadInput(
            "Slack has to know where simops is reached: give its public address, such as https://simops.example.com, "
            "or set SLACK_APP_TOKEN to use Socket Mode, which needs none."
        )
    address = None if socket_mode or url is None else url.rstrip("/") + "/slack/events"
    return {
        "display_information": {
            "name": "simops",
            "description": "Look up SIMs, ask for changes, approve them, and hear what SmartHub reports",
            "background_color": "#1f3a5f",
        },
        "features": {
            # The messages tab is where we write to a person; nothing that is typed there is read.
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": True,
            },
            "bot_user": {"display_name": "simops", "always_online": True},
            "shortcuts": shortcuts(),
            "slash_commands": [_slash_command(command, address)],
        },
        "oauth_config": {"scopes": {"bot": sorted(SCOPES)}},
        "settings": {
            "event_subscriptions": _reached_at(address, "request_url") | {"bot_events": list(EVENTS)},
            # Menus that are filled while somebody types ask at an address of their own; ours is the same.
            "interactivity": {"is_enabled": True}
            | _reached_at(address, "request_url")
            | _reached_at(address, "message_menu_options_url"),
            "org_deploy_enabled": False,
            "socket_mode_enabled": socket_mode,
            "token_rotation_enabled": False,
        },
    }


def shortcuts() -> list[dict[str, str]]:
    """The shortcuts of the app, as the manifest has them."""
    return [dict(zip(SHORTCUT, each, strict=True)) for each in SHORTCUTS]


def explain() -> str:
    """Each scope and the reason for it, a line each, for whoever has to approve the app."""
    width = max(map(len, SCOPES))
    return "\n".join(f"{scope:<{width}}  {reason}" for scope, reason in sorted(SCOPES.items()))


def _slash_command(command: str, address: str | None) -> dict[str, object]:
    # should_escape would turn #names and @names into ids and numbers into links; ours are SIMs and plain words.
    words: dict[str, object] = {
        "command": command,
        "description": "SIMs: look up, change, approve",
        "usage_hint": "help",
        "should_escape": False,
    }
    return words | _reached_at(address, "url")


def _reached_at(address: str | None, key: str) -> dict[str, object]:
    return {} if address is None else {key: address}
