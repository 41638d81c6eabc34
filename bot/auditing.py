"""The audit words of the command line: `simops audit list`, `export` and `verify`. They only read."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO, TypeVar

import click

from bot.config import Config
from bot.errors import BadInput, StoreError
from bot.rules.audit import COLUMNS, AuditLine, Chain, as_cells, as_json, from_json, pieces, removed_in_words
from bot.rules.audit_questions import Wanted, about_request, read_moment, read_person, read_request, read_sim
from bot.rules.sheets import csv_lines
from bot.store.audit import Audit
from bot.store.disk import read_only

Word = TypeVar("Word", bound=Callable[..., None])


def _filters(word: Word) -> Word:
    """The options that say which lines are wanted."""
    for option in reversed(
        (
            click.option("--sim", metavar="ID", help="Only about this SIM, with the requests that name it."),
            click.option("--by", metavar="USER", help="Only what this person did: a Slack user id, or simops."),
            click.option("--action", metavar="WORD", help="Only this action, such as approved."),
            click.option(
                "--since", metavar="TIME", help="From then on: 2026-11-22, 2026-11-22T09:30 (UTC), or 7d ago."
            ),
            click.option("--until", metavar="TIME", help="Up to then; a day is included."),
            click.option("--request", metavar="N", help="Only about this request."),
            click.option("--subject", metavar="WORD", help="Only about this subject, such as approval:12."),
            click.option("--limit", type=click.IntRange(1), metavar="N", help="Only the newest so many of them."),
        )
    ):
        word = option(word)
    return word


@click.group()
def audit() -> None:
    """Lists, exports and verifies the audit log; the bot may be running."""


@audit.command("list")
@_filters
def listing(*, limit: int | None, **asked: str | None) -> None:
    """Prints a line for each deed, the oldest first."""
    for line in _log().lines(_wanted(**asked), newest=limit):
        click.echo(_in_words(line))


@audit.command()
@_filters
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Into this file, which is replaced.")
def export(*, limit: int | None, form: str, output: Path | None, **asked: str | None) -> None:
    """Prints the log as JSON Lines or CSV, with its seals."""
    lines = _log().lines(_wanted(**asked), newest=limit)
    rows = csv_lines(COLUMNS, map(as_cells, lines)) if form == "csv" else (f"{as_json(line)}\n" for line in lines)
    if output is None:
        for row in rows:
            click.echo(row, nl=False, color=True)  # what looks like a colour stands in the log, and stays
        return
    with _replaced(output) as file:
        file.writelines(rows)


@audit.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False))
def verify(files: tuple[Path, ...]) -> None:
    """Says whether the log is whole, or, of FILES in order, whether these exports are.

    Exits 1 and names the first broken line or removal when it is not.
    """
    if files:
        _verify_files(files)
        return
    judged = _log().judged()
    if judged.broken is not None:
        click.echo(judged.broken)
        sys.exit(1)
    if judged.anchors:
        click.echo(removed_in_words(judged.anchors))
    first, last = judged.first, judged.last
    if first is None or last is None:
        click.echo("The log is empty.")
        return
    lines = f"Lines {first.id:,} to {last.id:,}" if judged.anchors else f"{last.id} lines"
    click.echo(f"{lines}, all whole. Last seal: {last.seal}")


def _verify_files(files: tuple[Path, ...]) -> None:
    """The lines of whole exports or archives, each file going on where the one before it ends."""
    chain, first = Chain(), None
    for file, number, line in _lines_of(files):
        if first is None:
            first = line
            chain.expected, chain.previous = line.id, line.previous
        broken = chain.break_at(line)
        if broken is not None:
            click.echo(f"{file}, row {number}: {broken}")
            sys.exit(1)
    if first is None:
        click.echo("There is no line in them.")
        return
    click.echo(f"Lines {first.id:,} to {chain.expected - 1:,}, all whole. They follow the seal {first.previous}")
    click.echo(f"Last seal: {chain.previous}")


def _lines_of(files: tuple[Path, ...]) -> Iterator[tuple[Path, int, AuditLine]]:
    """Each line with its file and row. Raises BadInput for what is none."""
    for file in files:
        with file.open(encoding="utf-8", errors="surrogateescape", newline="\n") as rows:
            for number, row in enumerate(rows, 1):
                try:
                    yield file, number, from_json(row.removesuffix("\n"))
                except BadInput as problem:
                    raise BadInput(f"{file}, row {number}: {problem}") from problem


def _log() -> Audit:
    return Audit(read_only(Config.read(os.environ).store.path))


def _wanted(
    *,
    sim: str | None,
    by: str | None,
    action: str | None,
    since: str | None,
    until: str | None,
    request: str | None,
    subject: str | None,
) -> Wanted:
    """What the options ask for. Raises BadInput."""
    now = datetime.now(UTC)
    return Wanted(
        giccids=() if sim is None else read_sim(sim).giccids,
        subject=subject if request is None else about_request(read_request(request)).subject,
        actor=None if by is None else read_person(by),
        action=action,
        since=None if since is None else read_moment(since, now=now),
        until=None if until is None else read_moment(until, now=now, end=True),
    )


def _in_words(line: AuditLine) -> str:
    deed = line.deed
    told = (f"{says}{value}" for _, says, value in pieces(deed))
    words = (str(line.id), f"{line.at:%Y-%m-%d %H:%M:%S}", deed.actor, deed.action, deed.subject, *told)
    # A terminal obeys what it is sent: nothing but what can be seen goes there.
    return "".join(c if c.isprintable() else "\ufffd" for c in "  ".join(words))


@contextmanager
def _replaced(path: Path) -> Iterator[TextIO]:
    """A file that takes the place of this one when all of it was written. Raises StoreError."""
    unfinished = path.with_name(f"{path.name}.part")
    try:
        with open(unfinished, "w", encoding="utf-8", newline="", opener=lambda p, f: os.open(p, f, 0o600)) as file:
            yield file
        unfinished.replace(path)
    except OSError as exc:
        raise StoreError(f"{path} cannot be written: {exc.strerror}.") from exc
    finally:
        unfinished.unlink(missing_ok=True)
