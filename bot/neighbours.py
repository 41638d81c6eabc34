"""How the neighbours are reached, as configured; and the trial of each that `simops check` makes."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.assembly import make_people, make_policies
from bot.clock import Clock, WallClock
from bot.config import Config
from bot.config.policies import rules_of
from bot.flows import checking
from bot.flows.checking import How, Tried
from bot.slack import Slack
from bot.smarthub.advice import FILL_IN, Advice, as_toml
from bot.smarthub.client import SmartHub
from bot.smarthub.contract import Contract, contract

SLACK_TIMEOUT_S = 10


def make_contract(config: Config) -> Contract:
    """What is known of SmartHub, as corrected. Raises ConfigError for an unknown name under [smarthub.…]."""
    hub = config.smarthub
    return contract(operations=hub.operations, fields=hub.fields, enums=hub.enums)


def make_smarthub(
    config: Config,
    known: Contract | None = None,
    *,
    clock: Clock,
    on_circuit: Callable[[bool, str], None] | None = None,
) -> SmartHub:
    """SmartHub with every setting in place; `known` is what `make_contract` gave, where it was made already.

    `on_circuit` is told when SmartHub is left alone, and when it answers again. Raises ConfigError as `make_contract`.
    """
    hub = config.smarthub
    return SmartHub(
        base_url=hub.base_url,
        key=config.secrets.smarthub_api_key.get_secret_value(),
        contract=known or make_contract(config),
        clock=clock,
        connect_timeout_s=hub.connect_timeout.total_seconds(),
        read_timeout_s=hub.read_timeout.total_seconds(),
        total_timeout_s=hub.total_timeout.total_seconds(),
        rate_per_second=hub.rate_per_second,
        concurrency=hub.concurrency,
        tries=hub.tries,
        page_size=hub.page_size,
        circuit_after=hub.circuit_after,
        circuit_rest_s=hub.circuit_rest.total_seconds(),
        on_circuit=on_circuit,
    )


def make_slack_client(config: Config, *, session: aiohttp.ClientSession, token: str | None) -> AsyncWebClient:
    """A client on the one shared session. It tries nothing twice: a message sent again is a message too many."""
    return AsyncWebClient(
        token=token,
        base_url=config.slack.api_url,
        session=session,
        timeout=SLACK_TIMEOUT_S,
        retry_handlers=[],
    )


async def try_all(config: Config, *, say: Callable[[str], None]) -> bool:
    """Whether nothing that was tried is wrong; says a line for each thing as it is known. Raises ConfigError."""
    known = make_contract(config)
    counts: Counter[How] = Counter()
    advice: list[Advice] = []
    async with aiohttp.ClientSession() as session, make_smarthub(config, known, clock=WallClock()) as hub:
        say("ok     configuration")
        async for tried in _attempts(config, session, hub, known):
            say(f"{tried.how:<5}  {tried.what}: {tried.said}")
            for line in tried.details:
                say(f"         {line}")
            counts[tried.how] += 1
            advice += tried.advice
    for line in _to_write(advice):
        say(line)
    say(_in_the_end(wrong=counts[How.WRONG], notes=counts[How.NOTE]))
    return counts[How.WRONG] == 0


def _to_write(advice: list[Advice]) -> list[str]:
    """What could be put into config.toml, as it would stand there, with what to mind."""
    if not advice:
        return []
    lines = as_toml(advice)
    mind = ["", "To put into config.toml, if you agree; where a table is there already, put its lines into it."]
    if any(f'"{FILL_IN}"' in line for line in lines):
        mind.append(f'Write the right thing in place of each "{FILL_IN}".')
    return [*mind, "", *lines, ""]


def _in_the_end(*, wrong: int, notes: int) -> str:
    if wrong:
        return f"{wrong} to mend; then try again."
    return f"All that is needed is well; {notes} to look at." if notes else "All is well."


def _groups(config: Config) -> dict[str, tuple[str, ...]]:
    """Each user group of the configuration, with the settings that name it."""
    named: dict[str, list[str]] = {}
    for role, members in config.roles.model_dump().items():
        for member in members:
            named.setdefault(member, []).append(f"roles.{role}")
    for place, policy in enumerate(rules_of(config.policies, config.approvals)[: len(config.policies)], 1):
        for group in policy.groups:
            named.setdefault(group, []).append(f"policies[{place}]")
    return {group: tuple(settings) for group, settings in sorted(named.items()) if group.startswith("S")}


async def _attempts(
    config: Config, session: aiohttp.ClientSession, hub: SmartHub, known: Contract
) -> AsyncIterator[Tried]:
    secrets, chosen = config.secrets, config.slack
    names = ("approvals_channel", "alerts_channel", "events_channel")

    def slack(token: str) -> Slack:
        return Slack(make_slack_client(config, session=session, token=token))

    ours, answered = slack(secrets.slack_bot_token.get_secret_value()), True
    channels = {f"slack.{name}": str(getattr(chosen, name)) for name in names}
    channels |= {} if config.sms.channel is None else {"sms.channel": config.sms.channel}
    channels |= {f"sms.keywords[{place}].channel": one.channel for place, one in enumerate(config.sms.keywords, 1)}
    async for tried in checking.try_slack(ours, channels=channels, groups=_groups(config)):
        yield tried
        answered = answered and not (tried.what == "Slack token" and tried.how is How.WRONG)
    if answered:
        policies = make_policies(config, make_people(config, ours, clock=WallClock()), clock=WallClock())
        for tried in checking.judged_policies(policies.count, await policies.check()):
            yield tried
    if secrets.slack_app_token is not None:
        yield await checking.try_socket(slack(secrets.slack_app_token.get_secret_value()))
    async for tried in checking.try_smarthub(hub, known, at=config.smarthub.base_url):
        yield tried
