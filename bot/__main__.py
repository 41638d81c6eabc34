"""The command line: `simops …`, the same as `python -m bot …`."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import sys
from collections.abc import Coroutine
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from bot import asking
from bot.app import App
from bot.auditing import audit
from bot.config import Config
from bot.errors import BotError, ConfigError
from bot.logs import set_up_logs
from bot.neighbours import try_all
from bot.replaying import replay
from bot.rules import manifest as app_manifest
from bot.simulator import demo as demonstration

# Bolt would take these for an OAuth set-up of its own; what simops needs of the environment is read by Config alone.
NOT_FOR_BOLT = ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_VERIFICATION_TOKEN")
T = TypeVar("T")


class Words(click.Group):
    """Commands whose expected errors end in their sentence and exit code 1, not in a traceback."""

    def invoke(self, ctx: click.Context) -> Any:  # Any: click's signature
        """What the command returns."""
        try:
            return super().invoke(ctx)
        except BotError as problem:
            _exit(problem)


@click.group(cls=Words, invoke_without_command=True)
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
@click.option(
    "--sims",
    default=200,
    show_default=True,
    type=click.IntRange(1, 100_000_000),
    help="How many SIMs the built-in SmartHub has.",
)
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
@click.argument("sim_id", metavar="ID")
@click.option("--json", "form", flag_value="json", help="For programs: keys of ours, UTC, bytes.")
@click.option("--raw", "form", flag_value="raw", help="SmartHub's own object, as JSON.")
def sim(*, sim_id: str, form: asking.Form | None) -> None:
    """Prints what SmartHub knows of a SIM, by its ICCID, IMSI, MSISDN or IMEI."""
    config = _or_exit_asking_config()
    _finish(asking.one(config, sim_id, form=form or "table", say=click.echo))


@main.command()
@click.option("--status", help="Such as active or suspended.")
@click.option("--account", help="The name of an account.")
@click.option("--plan", help="The name of a rate plan.")
@click.option("--iccid", help="Of one SIM, as are the next three.")
@click.option("--imsi")
@click.option("--msisdn")
@click.option("--imei")
@click.option("--limit", type=int, help="At most so many SIMs.")
@click.option("--page-size", type=int, help="How many SmartHub is asked for at once; else smarthub.page_size.")
@click.option("--json", "form", flag_value="json", help="For programs: a line of JSON for each SIM.")
def sims(*, limit: int | None, page_size: int | None, form: asking.Form | None, **filters: str | None) -> None:
    """Prints the SIMs that fit, page by page as SmartHub gives them; all of them without a filter."""
    config = _or_exit_asking_config()
    wanted = asking.many(
        config,
        filters=filters,
        limit=limit,
        page_size=page_size,
        form=form or "table",
        say=click.echo,
        warn=partial(click.echo, err=True),
    )
    _finish(wanted)


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


main.add_command(audit)
main.add_command(replay)


async def _run(config: Config, *, with_parent: bool) -> None:
    app = App(config)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, ended.set)
    await app.start()
    gc.freeze()  # what is there now stays: looking through all of it for garbage would hold everything up for 60 ms
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


def _or_exit_config() -> Config:
    try:
        return Config.read(os.environ)
    except BotError as problem:
        _exit(problem)


def _or_exit_asking_config() -> Config:
    try:
        config = asking.read_config(os.environ)
    except BotError as problem:
        _exit(problem)
    set_up_logs(level="error", form="text")
    return config


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
