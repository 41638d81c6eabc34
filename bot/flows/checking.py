"""What `simops check` tries: whether Slack and SmartHub answer as this configuration needs it. It changes nothing."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.errors import AccessForbidden, BotError, KeyRefused, ProviderBusy, ProviderDown, SlackError
from bot.rules.manifest import SCOPES
from bot.rules.sims import quotable
from bot.slack import Slack
from bot.smarthub.advice import Address, Advice, Keys, advise
from bot.smarthub.client import SmartHub
from bot.smarthub.contract import Basis, Contract
from bot.smarthub.report import has_gaps, in_detail, in_short, is_wrong
from bot.smarthub.shapes import READINGS
from bot.smarthub.sims import same_sim
from bot.smarthub.survey import survey, value_of

AGAIN = "install the app again from the manifest that `simops manifest` prints"
# Slack's words for a token that is none, or not ours any more.
NO_TOKEN = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "not_allowed_token_type"}
)

# What nothing of simops works without.
VITAL = frozenset({"listSims", "getSim"})
UNTRIED = (
    "not tried, as they need the id of a job and of an SMS; one that we make up would get the 404 "
    "that a wrong address gets too"
)


class How(StrEnum):
    """What became of a trial. A note is a gap that simops works with."""

    OK = "ok"
    NOTE = "note"
    LEFT = "-"
    WRONG = "WRONG"


@dataclass(frozen=True)
class Tried:
    """One thing that was tried: what came of it, in a sentence that says what to do where it is not well.

    `details` are lines that belong below it, `advice` is what could be written into config.toml.
    """

    what: str
    said: str
    how: How = How.OK
    details: tuple[str, ...] = ()
    advice: tuple[Advice, ...] = ()


async def try_slack(
    slack: Slack, *, channels: Mapping[str, str], groups: Mapping[str, tuple[str, ...]]
) -> AsyncGenerator[Tried, None]:
    """The token, its scopes, each channel and each user group. Without a token that works, nothing else is tried.

    `channels` is each setting with its channel's id, `groups` each user group's id with the settings that name it.
    """
    try:
        me = await slack.me()
    except SlackError as problem:
        yield Tried("Slack token", _about_token(problem, "SLACK_BOT_TOKEN", "OAuth & Permissions"), how=How.WRONG)
        return
    name = quotable(me.get("user", "simops"))
    yield Tried("Slack token", f"{name} in the workspace “{quotable(me.get('team', '?'))}”")
    yield await _scopes(slack)
    for channel in dict.fromkeys(channels.values()):
        settings = " and ".join(setting for setting, named in channels.items() if named == channel)
        yield await _channel(slack, channel, settings, name)
    for group, settings_of_group in groups.items():
        yield await _group(slack, group, " and ".join(settings_of_group))


async def try_socket(slack: Slack) -> Tried:
    """Whether the app token may open a socket; none is opened. `slack` has the app token."""
    try:
        await slack.ask_for_socket()
    except SlackError as problem:
        return Tried("Socket Mode", _about_token(problem, "SLACK_APP_TOKEN", "Basic Information"), how=How.WRONG)
    return Tried("Socket Mode", "Slack would open a socket")


def judged_policies(count: int, troubles: Sequence[str]) -> list[Tried]:
    """What there is to say of so many policies, with a sentence for each that nobody can satisfy."""
    wrong = [Tried("policies", trouble, how=How.WRONG) for trouble in troubles]
    return wrong or [Tried("policies", f"{count}, and each can be satisfied")]


async def try_smarthub(hub: SmartHub, contract: Contract, *, at: str) -> AsyncGenerator[Tried, None]:
    """Each read that can be tried, field by field. Without a list of SIMs nothing else is tried; nothing is changed.

    `at` is SmartHub's address, for the sentences.
    """
    trial = _Trial(hub, contract, at)
    first = await trial.read("listSims")
    yield first
    if not trial.answers:
        return
    yield await trial.read("getSim", sim="giccid")
    yield await trial.read("getSimCustomFields", sim="giccid")
    yield await trial.read("listSimChangeLogs")
    yield await trial.read("getEnterprise")
    yield await trial.read("getAccount", account="name")
    yield await trial.read("listServicePackages", account="accountName")
    yield await trial.read("listSharePools", account="accountName")
    yield await trial.read("getCountryStatistics")
    yield Tried("SmartHub getBatchJob, getSms", UNTRIED, how=How.LEFT)


class _Trial:
    """The reads of one SmartHub, one by one; the first ones give the SIM and the account for the later ones."""

    def __init__(self, hub: SmartHub, contract: Contract, at: str) -> None:
        self._hub, self._contract, self._at = hub, contract, at
        self._giccid: str | None = None
        self._account: str | None = None
        self.answers = False

    async def read(self, name: str, *, sim: str | None = None, account: str | None = None) -> Tried:
        """What came of one read. `sim` and `account` are the braces in its address that take one."""
        what = f"SmartHub {name}"
        brace, value = (sim, self._giccid) if account is None else (account, self._account)
        if brace is not None and value is None:
            thing = "SIM" if account is None else "account"
            return Tried(what, f"not tried, as the reads before it named no {thing}", how=How.LEFT)
        try:
            rows = await self._hub.raw(READINGS[name], {brace: value} if brace and value else {})
        except BotError as problem:
            return self._failed(what, name, problem)
        self.answers = True
        return self._judged(what, name, rows)

    def _failed(self, what: str, name: str, problem: BotError) -> Tried:
        """What a read that gave nothing says: wrong, but for those that simops works without."""
        endpoint = self._contract.endpoints[name]
        said = _about_hub(problem, self._at)
        if name in VITAL or isinstance(problem, KeyRefused | ProviderBusy | ProviderDown):
            return Tried(what, said, how=How.WRONG)
        if isinstance(problem, AccessForbidden):
            return Tried(what, said, how=How.NOTE)
        if endpoint.basis is Basis.DOCUMENTED or endpoint.confirmed:
            return Tried(what, said, how=How.WRONG)
        setting = f"[smarthub.operations.{name}] path"
        if setting not in said:
            said += f" Its address is only {endpoint.basis}; write the right one under {setting}."
        return Tried(what, said, how=How.NOTE, advice=(Address(endpoint),))

    def _judged(self, what: str, name: str, rows: Sequence[object]) -> Tried:
        """What an answer holds; the SIM and the account it names are kept for later."""
        if name == "getSim" and self._is_another(rows[0]):
            return Tried(what, "SmartHub was asked for one SIM and described another one.", how=How.WRONG)
        reading = READINGS[name]
        found = survey(rows, reading.table, self._contract, only=reading.only)
        advice = advise(found)
        self._remember(reading.table, rows, advice)
        how = How.WRONG if is_wrong(found) else How.NOTE if has_gaps(found) else How.OK
        where = f"{self._at}, " if name == "listSims" else ""
        said = where + in_short(found, many=reading.many)
        return Tried(what, said, how=how, details=tuple(in_detail(found)), advice=advice)

    def _is_another(self, row: object) -> bool:
        """Whether this is about another SIM than the one that was asked for."""
        named = (value_of(row, self._contract.keys("sim", field)) for field in ("giccid", "iccid"))
        names = [name for name in named if isinstance(name, str)]
        return bool(names) and not any(same_sim(name, self._giccid or "") for name in names)

    def _remember(self, table: str, rows: Sequence[object], advice: Sequence[Advice]) -> None:
        """A SIM and an account to read by themselves, also where they stand under a key that we only now advise."""
        if table == "sim":
            self._giccid = self._giccid or self._first("sim", "giccid", rows, advice)
            self._account = self._account or self._first("sim", "account", rows, advice)
        elif table == "enterprise":
            lists = [value_of(row, self._contract.keys("enterprise", "accounts")) for row in rows]
            members = [member for found in lists if isinstance(found, list) for member in found]
            self._account = self._account or self._first("member", "name", members, advice)

    def _first(self, table: str, field: str, rows: Sequence[object], advice: Sequence[Advice]) -> str | None:
        advised = [one.keys for one in advice if isinstance(one, Keys) and (one.table, one.field) == (table, field)]
        keys = advised[0] if advised else self._contract.keys(table, field)
        found = (value_of(row, keys) for row in rows)
        return next((value for value in found if isinstance(value, str)), None)


async def _scopes(slack: Slack) -> Tried:
    """Whether the token has all that the manifest asks for."""
    try:
        given = await slack.scopes()
    except SlackError as problem:
        return Tried("Slack scopes", str(problem), how=How.WRONG)
    if given is None:
        return Tried("Slack scopes", "Slack does not list them; what follows shows what is missing")
    missing = [f"{scope} ({reason})" for scope, reason in SCOPES.items() if scope not in given]
    if missing:
        return Tried("Slack scopes", f"missing: {'; '.join(missing)}. Add them: {AGAIN}.", how=How.WRONG)
    return Tried("Slack scopes", f"all {len(SCOPES)} are there")


async def _channel(slack: Slack, channel: str, settings: str, me: str) -> Tried:
    what = f"channel {channel}"
    try:
        found = await slack.channel(channel)
    except SlackError as problem:
        if problem.code != "channel_not_found":
            return Tried(what, f"{settings}: {_why(problem)}", how=How.WRONG)
        hint = f"Check the id. If the channel is private, invite the bot there first: /invite @{me}."
        return Tried(what, f"{settings}: Slack shows us no such channel. {hint}", how=How.WRONG)
    return Tried(what, *_about_channel(found, settings, me))


def _about_channel(found: Mapping[str, Any], settings: str, me: str) -> tuple[str, How]:  # Any: Slack's own shape
    name = f"#{quotable(str(found.get('name') or '?'))}"
    if found.get("is_archived"):
        return f"{settings}: {name} is archived. Unarchive it, or choose another channel.", How.WRONG
    if not found.get("is_member"):
        return f"{settings}: the bot is not in {name}. Type /invite @{me} there.", How.WRONG
    return f"{settings}: {name}, and the bot is in it", How.OK


async def _group(slack: Slack, group: str, settings: str) -> Tried:
    what = f"user group {group}"
    try:
        members = await slack.group(group)
    except SlackError as problem:
        unknown = "Slack knows no such user group. Check the id: it begins with S."
        return Tried(
            what, f"{settings}: {unknown if problem.code == 'no_such_subteam' else _why(problem)}", how=How.WRONG
        )
    if not members:
        return Tried(what, f"{settings}: nobody is in it. Add people to it.", how=How.WRONG)
    return Tried(what, f"{settings}: {len(members)} {'person' if len(members) == 1 else 'people'}")


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


def _about_hub(problem: BotError, at: str) -> str:
    if isinstance(problem, ProviderDown):
        return f"{problem} It was tried at {at}: is smarthub.base_url right, and may this machine reach it?"
    return str(problem)
