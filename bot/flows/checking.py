"""What `simops check` tries: whether Slack and SmartHub answer as this configuration needs it. It changes nothing."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.errors import ProviderDown, ProviderError, SlackError
from bot.rules.manifest import SCOPES
from bot.rules.sims import Sim, quotable
from bot.slack import Slack
from bot.smarthub.client import SmartHub
from bot.smarthub.paging import Page

AGAIN = "install the app again from the manifest that `simops manifest` prints"
# Slack's words for a token that is none, or not ours any more.
NO_TOKEN = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "not_allowed_token_type"}
)


@dataclass(frozen=True)
class Tried:
    """One thing that was tried: what came of it, in a sentence that says what to do where it is not well."""

    what: str
    said: str
    well: bool = True


async def try_slack(
    slack: Slack, *, channels: Mapping[str, str], groups: Mapping[str, tuple[str, ...]]
) -> AsyncGenerator[Tried, None]:
    """The token, its scopes, each channel and each user group. Without a token that works, nothing else is tried.

    `channels` is each setting with its channel's id, `groups` each user group's id with the roles it holds.
    """
    try:
        me = await slack.me()
    except SlackError as problem:
        yield Tried("Slack token", _about_token(problem, "SLACK_BOT_TOKEN", "OAuth & Permissions"), well=False)
        return
    name = quotable(me.get("user", "simops"))
    yield Tried("Slack token", f"{name} in the workspace “{quotable(me.get('team', '?'))}”")
    yield await _scopes(slack)
    for channel in dict.fromkeys(channels.values()):
        settings = " and ".join(setting for setting, named in channels.items() if named == channel)
        yield await _channel(slack, channel, settings, name)
    for group, roles in groups.items():
        yield await _group(slack, group, " and ".join(f"roles.{role}" for role in roles))


async def try_socket(slack: Slack) -> Tried:
    """Whether the app token may open a socket; none is opened. `slack` has the app token."""
    try:
        await slack.ask_for_socket()
    except SlackError as problem:
        return Tried("Socket Mode", _about_token(problem, "SLACK_APP_TOKEN", "Basic Information"), well=False)
    return Tried("Socket Mode", "Slack would open a socket")


async def try_smarthub(hub: SmartHub, *, at: str) -> AsyncGenerator[Tried, None]:
    """The first page of the SIMs, and the first SIM on it by itself. `at` is SmartHub's address, for the sentences."""
    what = "SmartHub listSims"
    pages = hub.sims()
    try:
        page = await anext(pages, None)
    except ProviderError as problem:
        yield Tried(what, _about_hub(problem, at), well=False)
        return
    finally:
        if isinstance(pages, AsyncGenerator):
            await pages.aclose()
    if page is None:
        yield Tried(what, f"{at} answers and lists no SIM, so no single one was read")
        return
    yield Tried(what, *_about_page(page, at))
    if page.sims:
        yield await _one_sim(hub, page.sims[0].giccid, at)


async def _scopes(slack: Slack) -> Tried:
    """Whether the token has all that the manifest asks for."""
    try:
        given = await slack.scopes()
    except SlackError as problem:
        return Tried("Slack scopes", str(problem), well=False)
    if given is None:
        return Tried("Slack scopes", "Slack does not list them; what follows shows what is missing")
    missing = [f"{scope} ({reason})" for scope, reason in SCOPES.items() if scope not in given]
    if missing:
        return Tried("Slack scopes", f"missing: {'; '.join(missing)}. Add them: {AGAIN}.", well=False)
    return Tried("Slack scopes", f"all {len(SCOPES)} are there")


async def _channel(slack: Slack, channel: str, settings: str, me: str) -> Tried:
    what = f"channel {channel}"
    try:
        found = await slack.channel(channel)
    except SlackError as problem:
        if problem.code != "channel_not_found":
            return Tried(what, f"{settings}: {_why(problem)}", well=False)
        hint = f"Check the id. If the channel is private, invite the bot there first: /invite @{me}."
        return Tried(what, f"{settings}: Slack shows us no such channel. {hint}", well=False)
    return Tried(what, *_about_channel(found, settings, me))


def _about_channel(found: Mapping[str, Any], settings: str, me: str) -> tuple[str, bool]:  # Any: Slack's own shape
    name = f"#{quotable(str(found.get('name') or '?'))}"
    if found.get("is_archived"):
        return f"{settings}: {name} is archived. Unarchive it, or choose another channel.", False
    if not found.get("is_member"):
        return f"{settings}: the bot is not in {name}. Type /invite @{me} there.", False
    return f"{settings}: {name}, and the bot is in it", True


async def _group(slack: Slack, group: str, roles: str) -> Tried:
    what = f"user group {group}"
    try:
        members = await slack.group(group)
    except SlackError as problem:
        unknown = "Slack knows no such user group. Check the id: it begins with S."
        return Tried(what, f"{roles}: {unknown if problem.code == 'no_such_subteam' else _why(problem)}", well=False)
    if not members:
        return Tried(what, f"{roles}: nobody is in it, so nobody gets a role by it. Add people to it.", well=False)
    return Tried(what, f"{roles}: {len(members)} {'person' if len(members) == 1 else 'people'}")


def _about_page(page: Page, at: str) -> tuple[str, bool]:
    """What the first page says: rows that cannot be read and states we have no word for are to be mended."""
    troubles = list(_troubles(page))
    if troubles:
        return " ".join(troubles), False
    return f"{at}, {len(page.sims)} SIMs on the first page, all readable", True


def _troubles(page: Page) -> Iterator[str]:
    if page.skipped:
        yield (
            f"{page.skipped} of {page.skipped + len(page.sims)} SIMs cannot be read. "
            "If SmartHub calls their number something else, write its key under [smarthub.fields.sim] giccid."
        )
    words = sorted({quotable(sim.status_word) for sim in page.sims if sim.status is None})
    if words:
        yield _unknown(words)


async def _one_sim(hub: SmartHub, giccid: str, at: str) -> Tried:
    what = "SmartHub getSim"
    try:
        sim: Sim = await hub.sim(giccid)
    except ProviderError as problem:
        return Tried(what, _about_hub(problem, at), well=False)
    if sim.status is None:
        return Tried(what, _unknown([quotable(sim.status_word)]), well=False)
    return Tried(what, f"SIM {giccid} is {sim.status}")


def _unknown(words: list[str]) -> str:
    listed = ", ".join(f"“{word}”" for word in words)
    return f"States that are in no table here: {listed}. Write what they mean under [smarthub.enums.status]."


def _about_token(problem: SlackError, variable: str, page: str) -> str:
    if problem.code in NO_TOKEN:
        return f"Slack does not accept {variable} ({problem.code}). Copy it again from the app's page, {page}."
    return _why(problem)


def _why(problem: SlackError) -> str:
    if problem.code == "missing_scope":
        return f"the app lacks a scope for this (see Slack scopes); {AGAIN}."
    if problem.again:
        return f"{problem} Is slack.api_url right, and may this machine reach it? If so, try again later."
    return str(problem)


def _about_hub(problem: ProviderError, at: str) -> str:
    if isinstance(problem, ProviderDown):
        return f"{problem} It was tried at {at}: is smarthub.base_url right, and may this machine reach it?"
    return str(problem)
