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
@click.option("--event", "events", multiple=True, type=click.IntRange(1), help="The card of this notification, anew.")
@click.option("--shown", is_flag=True, help="With a time: the cards of all notifications of that time, anew.")
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
    """Lets what was set aside wait again, and has cards posted anew, whether they stand in Slack or not."""
    start, end = read_time(since), read_time(until)
    if not ids and not events and channel is None and start is None and end is None:
        raise BadInput("Write which: --id, --event, --channel, --since or --until. `simops replay list` shows them.")
    if shown and start is None and end is None:
        raise BadInput("With --shown, write the time as well: --since or --until.")
    with _writing(_path()) as db:
        freed = cards = 0
        if ids or not events:
            freed = ledger.free(db, ids=ids, channel=channel, since=start, until=end)
        if events or shown:
            now = datetime.now(UTC)
            cards = ledger.show_again(db, events=events, channel=channel, since=start, until=end, now=now)
    click.echo(f"{freed} messages wait again; {cards} cards will be posted anew.")


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
