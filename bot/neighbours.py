"""How the neighbours are reached, as configured; and the trial of each that `simops check` makes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import Clock, WallClock
from bot.config import Config
from bot.flows import checking
from bot.flows.checking import Tried
from bot.rules.people import Roles
from bot.slack import Slack
from bot.smarthub.client import SmartHub
from bot.smarthub.contract import contract

SLACK_TIMEOUT_S = 10


def make_smarthub(config: Config, *, clock: Clock) -> SmartHub:
    """SmartHub with every setting in place. Raises ConfigError for an unknown name under [smarthub.…]."""
    hub = config.smarthub
    return SmartHub(
        base_url=hub.base_url,
        key=config.secrets.smarthub_api_key.get_secret_value(),
        contract=contract(operations=hub.operations, fields=hub.fields, enums=hub.enums),
        clock=clock,
        connect_timeout_s=hub.connect_timeout.total_seconds(),
        read_timeout_s=hub.read_timeout.total_seconds(),
        total_timeout_s=hub.total_timeout.total_seconds(),
        rate_per_second=hub.rate_per_second,
        concurrency=hub.concurrency,
        tries=hub.tries,
        page_size=hub.page_size,
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
    """Whether all that was tried is well; says a line for each thing as it is known. Raises ConfigError."""
    async with aiohttp.ClientSession() as session, make_smarthub(config, clock=WallClock()) as hub:
        say("ok     configuration")
        wrong = 0
        async for tried in _attempts(config, session, hub):
            say(f"{'ok   ' if tried.well else 'WRONG'}  {tried.what}: {tried.said}")
            wrong += not tried.well
    say("All is well." if wrong == 0 else f"{wrong} to mend; then try again.")
    return wrong == 0


async def _attempts(config: Config, session: aiohttp.ClientSession, hub: SmartHub) -> AsyncIterator[Tried]:
    secrets, chosen, roles = config.secrets, config.slack, Roles(**config.roles.model_dump())
    names = ("approvals_channel", "alerts_channel", "events_channel")

    def slack(token: str) -> Slack:
        return Slack(make_slack_client(config, session=session, token=token))

    attempts = checking.try_slack(
        slack(secrets.slack_bot_token.get_secret_value()),
        channels={f"slack.{name}": str(getattr(chosen, name)) for name in names},
        groups={
            group: tuple(name for name, members in config.roles.model_dump().items() if group in members)
            for group in sorted(roles.groups())
        },
    )
    async for tried in attempts:
        yield tried
    if secrets.slack_app_token is not None:
        yield await checking.try_socket(slack(secrets.slack_app_token.get_secret_value()))
    async for tried in checking.try_smarthub(hub, at=config.smarthub.base_url):
        yield tried
