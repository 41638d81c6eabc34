"""The command line's words for what never reached Slack: `simops replay list` and `simops replay send`.

They may be used while the bot runs: it finds what they let go again within seconds.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from bot.config import Config
from bot.errors import BadInput, StoreError
from bot.store import ledger
from bot.store.again import Again, show_again
from bot.store.disk import read_only

WAITS_S = 10
Options = tuple[str | None, datetime | None, datetime | None]


@click.group()
def replay() -> None:
    """Shows messages that are not in Slack, and sends them again."""


channel = click.option("--channel", metavar="ID", help="Only those for this channel or person.")
since = click.option("--since", metavar="TIME", help="Only those from this time on, such as 2026-11-22T08:30 (UTC).")
until = click.option("--until", metavar="TIME", help="Only those before this time.")


@replay.command("list")
@channel
@since
@until
def listing(*, channel: str | None, since: str | None, until: str | None) -> None:
    """Prints what waits, is on its way, or was set aside, a line each. It changes nothing."""
    with closing(read_only(_path())) as db:
        unsorted = ledger.unsorted(db)
        stuck = ledger.stuck(db, channel=channel, since=read_time(since), until=read_time(until))
    for one in stuck:
        error = f"  {one.error}" if one.error else ""
        click.echo(f"{one.id}  {one.made_at:%Y-%m-%d %H:%M:%S}  {one.channel}  {one.state}  {one.tries} tries  "
                   f"{one.what}{error}")  # fmt: skip
    click.echo(f"{len(stuck)} messages are not in Slack; {unsorted} notifications are on no card yet.")


@replay.command("send")
@click.option("--id", "ids", multiple=True, type=click.IntRange(1), help="A message set aside, as `list` prints it.")
@click.option("--event", "events", multiple=True, type=click.IntRange(1), help="This notification, anew.")
@click.option("--shown", is_flag=True, help="With a time: all notifications of that time, anew.")
@channel
@since
@until
def send(
    *,
    ids: tuple[int, ...],
    events: tuple[int, ...],
    shown: bool,
    channel: str | None,
    since: str | None,
    until: str | None,
) -> None:
    """Lets what was set aside wait again, and has cards posted anew, whether they stand in Slack or not.

    A notification in a conversation is posted there once more; one that stands under a request or in a job, or was held
    by planned work, gets a card of its own in the channel for notifications, or in --channel.
    """
    start, end = read_time(since), read_time(until)
    if not ids and not events and channel is None and start is None and end is None:
        raise BadInput("Write which: --id, --event, --channel, --since or --until. `simops replay list` shows them.")
    if shown and start is None and end is None:
        raise BadInput("With --shown, write the time as well: --since or --until.")
    config = Config.read(os.environ)
    default, shown_again = config.slack.events_channel, None
    with _writing(config.store.path) as db:
        freed = 0
        if ids or not events:
            freed = ledger.free(db, ids=ids, channel=channel, since=start, until=end)
        if events or shown:
            now = datetime.now(UTC)
            shown_again = show_again(
                db, events=events, default=default, channel=channel, since=start, until=end, now=now
            )
    told = [] if shown_again is None else said(shown_again, into=channel or default)
    for line in (f"{freed} messages wait again.", *told):
        click.echo(line)


def said(shown: Again, *, into: str) -> list[str]:
    """What is posted anew, and of what is not, why."""
    why = (
        (shown.sms, "of them are SMS in their conversations"),
        (shown.own, f"of them are of notifications that had no card of their own, and get one in {into}"),
        (shown.elsewhere, "notifications have nothing in this channel; leave out --channel to post what they have"),
        (shown.first, "notifications will be shown for the first time by the bot, as soon as it runs"),
    )
    nothing = ["There is no such notification."] if not shown.found else []
    return [
        f"{shown.cards} cards will be posted anew.",
        *nothing,
        *(f"{count} {words}." for count, words in why if count),
    ]


def read_time(text: str | None) -> datetime | None:
    """A time in UTC unless it says otherwise. Raises BadInput."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(f"“{text[:40]}” is no time; write one such as 2026-11-22T08:30.") from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


def _path() -> Path:
    return Config.read(os.environ).store.path


@contextmanager
def _writing(path: Path) -> Iterator[sqlite3.Connection]:
    """One transaction on the store, beside a bot that may be running. Raises StoreError."""
    if not path.is_file():
        raise StoreError(f"There is no store at {path}. Check [store] path in config.toml.")
    with closing(sqlite3.connect(path, isolation_level=None, timeout=WAITS_S)) as db:
        db.row_factory = sqlite3.Row
        try:
            db.execute("BEGIN IMMEDIATE")
            yield db
            db.execute("COMMIT")
        except sqlite3.Error as exc:
            raise StoreError(f"The store {path} cannot be written: {exc}.") from exc
