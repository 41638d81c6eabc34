"""The Slack app manifest: Slack's keys, our scopes, a reason for each."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.errors import BadInput
from bot.rules.manifest import EVENTS, SCOPES, explain, manifest

URL = "https://simops.example.com"

# https://docs.slack.dev/reference/app-manifest: the keys of what we use, and whether each is needed.
SLACKS: dict[str, set[str]] = {
    "": {"_metadata", "display_information", "features", "oauth_config", "settings"},
    "display_information": {"name", "description", "long_description", "background_color"},
    "features": {"app_home", "bot_user", "shortcuts", "slash_commands", "unfurl_domains"},
    "features.app_home": {"home_tab_enabled", "messages_tab_enabled", "messages_tab_read_only_enabled"},
    "features.bot_user": {"display_name", "always_online"},
    "features.shortcuts": {"name", "type", "callback_id", "description"},
    "features.slash_commands": {"command", "description", "should_escape", "url", "usage_hint"},
    "oauth_config": {"redirect_urls", "scopes"},
    "oauth_config.scopes": {"bot", "user"},
    "settings": {
        "allowed_ip_address_ranges",
        "event_subscriptions",
        "interactivity",
        "org_deploy_enabled",
        "socket_mode_enabled",
        "token_rotation_enabled",
    },
    "settings.event_subscriptions": {"request_url", "bot_events", "user_events"},
    "settings.interactivity": {"is_enabled", "request_url", "message_menu_options_url"},
}


def tables(value: object, path: str = "") -> list[tuple[str, dict[str, Any]]]:
    """Every object in the manifest with its path; those in a list share the path of the list."""
    if isinstance(value, list):
        return [found for item in value for found in tables(item, path)]
    if not isinstance(value, dict):
        return []
    below = [found for key, inner in value.items() for found in tables(inner, f"{path}.{key}".lstrip("."))]
    return [(path, value), *below]


@pytest.mark.parametrize("socket_mode", [True, False])
def test_only_keys_that_slack_documents(socket_mode: bool) -> None:
    """Each key of the manifest is one that Slack documents at that place, and the whole can be written as JSON."""
    made = manifest(command="/sim", url=URL, socket_mode=socket_mode)

    assert json.loads(json.dumps(made)) == made
    for path, table in tables(made):
        assert set(table) <= SLACKS[path], path


def test_slacks_lengths_are_kept() -> None:
    """Name, description, hint and command fit the lengths that Slack documents."""
    made: Any = manifest(command="/sim", url=URL, socket_mode=False)

    assert len(made["display_information"]["name"]) <= 35
    assert len(made["display_information"]["description"]) <= 140
    [command] = made["features"]["slash_commands"]
    assert command["command"] == "/sim"
    assert len(command["description"]) <= 2000
    assert len(command["usage_hint"]) <= 1000
    for shortcut in made["features"]["shortcuts"]:
        assert len(shortcut["name"]) <= 24
        assert len(shortcut["description"]) <= 150
        assert shortcut["type"] in {"global", "message"}


def test_every_scope_has_a_reason() -> None:
    """The manifest asks for exactly the scopes that have a reason, and `explain` gives each of them in a line."""
    made: Any = manifest(command="/sim", url=URL, socket_mode=False)

    assert made["oauth_config"] == {"scopes": {"bot": sorted(SCOPES)}}
    lines = dict(line.split(maxsplit=1) for line in explain().splitlines())
    assert lines == dict(SCOPES)
    assert all(reason.startswith("to ") and len(reason) > 20 for reason in SCOPES.values())


def test_what_the_bot_relies_on_is_switched_on() -> None:
    """Home tab, messages, buttons, the Home and file events are on; org-wide deployment and token rotation are off."""
    made: Any = manifest(command="/sim", url=URL, socket_mode=False)

    assert made["features"]["app_home"]["home_tab_enabled"] is True
    assert made["features"]["app_home"]["messages_tab_enabled"] is True
    assert made["settings"]["interactivity"]["is_enabled"] is True
    assert made["settings"]["event_subscriptions"]["bot_events"] == list(EVENTS)
    assert set(EVENTS) == {"app_home_opened", "message.channels", "message.groups", "file_shared"}
    assert made["settings"]["org_deploy_enabled"] is False
    assert made["settings"]["token_rotation_enabled"] is False


@pytest.mark.parametrize("url", [URL, URL + "/"])
def test_over_http_slack_is_told_our_address_each_time(url: str) -> None:
    """Commands, buttons, menus and events all go to /slack/events at the given address, and Socket Mode is off."""
    made: Any = manifest(command="/sim", url=url, socket_mode=False)

    assert made["settings"]["socket_mode_enabled"] is False
    assert made["features"]["slash_commands"][0]["url"] == URL + "/slack/events"
    assert made["settings"]["interactivity"]["request_url"] == URL + "/slack/events"
    assert made["settings"]["interactivity"]["message_menu_options_url"] == URL + "/slack/events"
    assert made["settings"]["event_subscriptions"]["request_url"] == URL + "/slack/events"


@pytest.mark.parametrize("url", [None, URL])
def test_in_socket_mode_there_is_no_address(url: str | None) -> None:
    """In Socket Mode no address stands in the manifest, whether one was given or not."""
    made = manifest(command="/ops", url=url, socket_mode=True)

    assert made["settings"]["socket_mode_enabled"] is True
    assert "http" not in json.dumps(made)


@pytest.mark.parametrize("url", [None, "", "http://simops.example.com", "simops.example.com"])
def test_without_an_address_slack_could_not_reach_us(url: str | None) -> None:
    """Without Socket Mode, a manifest without an https address is refused, and both ways out are named."""
    with pytest.raises(BadInput, match=r"https://simops.example.com.*SLACK_APP_TOKEN"):
        manifest(command="/sim", url=url, socket_mode=False)
