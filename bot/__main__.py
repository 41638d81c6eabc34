"""The command line: `simops …`, the same as `python -m bot …`."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import aiohttp
import click
from slack_sdk.web.async_client import AsyncWebClient

from bot.app import SLACK_TIMEOUT_S, App
from bot.clock import WallClock
from bot.config import Config
from bot.errors import BotError, ConfigError
from bot.flows import checking
from bot.flows.checking import Tried
from bot.logs import set_up_logs
from bot.rules import manifest as app_manifest
from bot.rules.people import Roles
from bot.simulator import demo as demonstration
from bot.slack import Slack
from bot.smarthub.client import SmartHub
from bot.smarthub.contract import contract
from bot.store import audit as audit_log
from bot.store.disk import read_only

# Bolt would take these for an OAuth set-up of its own; what simops needs of the environment is read by Config alone.
NOT_FOR_BOLT = ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_VERIFICATION_TOKEN")
T = TypeVar("T")


@click.group(invoke_without_command=True)
@click.version_option(package_name=None, version="0.1.0", prog_name="simops")
@click.pass_context
def main(context: click.Context) -> None:
    """Chat-ops for fleets of IoT SIMs. Without a word it runs the bot."""
    if context.invoked_subcommand is None:
        context.invoke(run)


@main.command()
@click.option("--with-parent", is_flag=True, hidden=True, help="End when standard input ends.")
def run(*, with_parent: bool = False) -> None:
    """Runs the bot, from config.toml (or SIMOPS_CONFIG) and the environment."""
    for name in NOT_FOR_BOLT:
        os.environ.pop(name, None)
    config = _or_exit_config()
    set_up_logs(level=config.log.level, form=config.log.format)
    _finish(_run(config, with_parent=with_parent))


@main.command()
@click.option("--port", default=4600, show_default=True, help="Of the web page; 0 is any free one.")
@click.option("--sims", default=200, show_default=True, help="How many SIMs the built-in SmartHub has.")
@click.option("--folder", default=".demo", show_default=True, type=click.Path(path_type=Path), help="What is kept.")
@click.option("--fresh", is_flag=True, help="Forget what happened in earlier demos.")
def demo(*, port: int, sims: int, folder: Path, fresh: bool) -> None:
    """The bot with a built-in SmartHub and a built-in Slack; no account, no key, no network."""
    set_up_logs(level="warning", form="text")
    _finish(demonstration.run(port=port, sims=sims, folder=folder, fresh=fresh, say=click.echo))


@main.command()
def check() -> None:
    """Tries Slack and SmartHub with this configuration; exits 1 if one fails. It changes nothing."""
    config = _or_exit_config()
    set_up_logs(level="error", form="text")
    if not _finish(try_all(config, say=click.echo)):
        sys.exit(1)


@main.command()
@click.option("--url", help="Where simops is reached from outside, such as https://simops.example.com")
@click.option("--socket-mode", is_flag=True, help="For Socket Mode, before there is an app token to say so.")
@click.option("--explain", is_flag=True, help="Instead: each scope with its reason.")
def manifest(*, url: str | None, socket_mode: bool, explain: bool) -> None:
    """Prints the Slack app manifest for this configuration, as JSON."""
    if explain:
        click.echo(app_manifest.explain())
        return
    command = "/sim"
    try:
        config = Config.read(os.environ)
        command, socket_mode = config.slack.command, socket_mode or config.secrets.slack_app_token is not None
    except ConfigError:
        # The app comes before its token, so the manifest has to be there before the configuration can be whole.
        click.echo(f"The configuration is not whole yet; this manifest is for the command {command}.", err=True)
    try:
        made = app_manifest.manifest(command=command, url=url, socket_mode=socket_mode)
    except BotError as problem:
        _exit(problem)
    click.echo(json.dumps(made, indent=2))


@main.group()
def audit() -> None:
    """Lists, exports and verifies the audit log; the bot may be running."""


@audit.command("list")
@click.option("--subject", help="Only one, such as approval:12")
def audit_list(*, subject: str | None) -> None:
    """Prints a line for each deed, the oldest first."""
    for line in _audit().lines(subject=subject):
        deed = line.deed
        click.echo(f"{line.id}  {line.at:%Y-%m-%d %H:%M:%S}  {deed.actor}  {deed.action}  {deed.subject}")


@audit.command("export")
def audit_export() -> None:
    """Prints the whole log as JSON Lines."""
    for line in _audit().lines():
        deed = line.deed
        click.echo(
            json.dumps(
                {
                    "id": line.id,
                    "at": line.at.isoformat(),
                    "actor": deed.actor,
                    "action": deed.action,
                    "subject": deed.subject,
                    "detail": dict(deed.detail),
                    "previous": line.previous,
                    "seal": line.seal,
                },
                ensure_ascii=False,
            )
        )


@audit.command("verify")
def audit_verify() -> None:
    """Says whether the chain is whole; exits 1 and names the first broken line when it is not."""
    log = _audit()
    broken = log.verify()
    if broken is not None:
        click.echo(broken)
        sys.exit(1)
    last = log.last()
    click.echo("The log is empty." if last is None else f"{last.id} lines, all whole. Last seal: {last.seal}")


async def try_all(config: Config, *, say: Callable[[str], None]) -> bool:
    """Whether all that was tried is well; says a line for each thing as it is known. Raises ConfigError."""
    async with aiohttp.ClientSession() as session, _smarthub(config) as hub:
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
        client = AsyncWebClient(
            token=token, base_url=chosen.api_url, session=session, timeout=SLACK_TIMEOUT_S, retry_handlers=[]
        )
        return Slack(client)

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


def _smarthub(config: Config) -> SmartHub:
    hub = config.smarthub
    return SmartHub(
        base_url=hub.base_url,
        key=config.secrets.smarthub_api_key.get_secret_value(),
        contract=contract(operations=hub.operations, fields=hub.fields, enums=hub.enums),
        clock=WallClock(),
        connect_timeout_s=hub.connect_timeout.total_seconds(),
        read_timeout_s=hub.read_timeout.total_seconds(),
        total_timeout_s=hub.total_timeout.total_seconds(),
        tries=hub.tries,
        page_size=hub.page_size,
    )


async def _run(config: Config, *, with_parent: bool) -> None:
    app = App(config)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, ended.set)
    await app.start()
    # Any: whatever they return, what counts is that one of them ends.
    waits: list[asyncio.Task[Any]] = [asyncio.create_task(event.wait()) for event in (ended, app.gave_up)]
    if with_parent:
        waits.append(asyncio.create_task(_until_input_ends()))
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    await app.stop()
    if app.gave_up.is_set():
        sys.exit(1)


async def _until_input_ends() -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()


def _audit() -> audit_log.Audit:
    try:
        return audit_log.Audit(read_only(_or_exit_config().store.path))
    except BotError as problem:
        _exit(problem)


def _or_exit_config() -> Config:
    try:
        return Config.read(os.environ)
    except BotError as problem:
        _exit(problem)


def _finish(work: Coroutine[Any, Any, T]) -> T:  # Any: a coroutine's other two types
    try:
        return asyncio.run(work)
    except BotError as problem:
        _exit(problem)
    except KeyboardInterrupt:
        sys.exit(130)


def _exit(problem: BotError) -> NoReturn:
    click.echo(str(problem), err=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
