"""Taking whole old parts away from the beginning of the audit log, so that what is left can still be verified.

A part goes in three steps: it is verified (and copied into the archive); its anchor and the line that tells of the
removal are written in one transaction; then its lines go, some at a time. Whatever ends that, it can go on later.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from bot.errors import NotPossible, StoreError
from bot.rules.audit import FIRST, Anchor, AuditLine, Chain, as_json, is_removal, removal, sealed
from bot.store.audit import newest_anchors, page_from, write_down
from bot.store.disk import Disk
from bot.store.rows import time, when

PART = 50_000  # lines at most of one part
PAGE = 1000
CHUNK = 1000  # lines that are removed in one transaction
PATIENCE_S = 60.0


@dataclass(frozen=True)
class Part:
    """Old lines that follow one another, verified; `after` is the newest anchor, behind which they begin."""

    first: AuditLine
    last: AuditLine
    after: Anchor | None
    archive: str | None = None


class Retention:
    """The removals on disk. One at a time: what was begun is finished before the next part is taken."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def unfinished(self) -> Anchor | None:
        """The removal of which lines are still there."""
        newest = _newest(self._disk.reader)
        if newest is None:
            return None
        oldest = self._disk.reader.execute("SELECT min(id) FROM audit").fetchone()[0]
        return newest if oldest is not None and oldest <= newest.last else None

    async def part(
        self, *, before: datetime, now: datetime, most: int = PART, archive: Path | None = None
    ) -> Part | None:
        """The oldest lines from before that time, at most so many; `None` when there are none worth removing.

        They are verified, and written to a file in the folder `archive` when there is one. Lines that only tell of
        removals wait for others: else each removal would bring the next. Raises StoreError when the log is not whole.
        """

        def work(db: sqlite3.Connection) -> Part | None:
            after = _newest(db)
            walk = _Walk(after, before=before, now=now)
            walk.over(_from(db, walk.chain.expected, most=most))
            if walk.first is None or walk.last is None or not walk.tells_more:
                return None
            part = Part(walk.first, walk.last, after)
            return part if archive is None else replace(part, archive=_archived(db, part, archive))

        return await self._disk.read(work, within_s=PATIENCE_S)

    async def close(self, part: Part, *, keep: str, now: datetime) -> Anchor:
        """Writes down that the part is removed: its anchor, and the line that tells of it. Raises NotPossible."""

        def work(db: sqlite3.Connection) -> Anchor:
            last = db.execute("SELECT seal FROM audit WHERE id = ?", (part.last.id,)).fetchone()
            if _newest(db) != part.after or last is None or last["seal"] != part.last.seal:
                raise NotPossible("The audit log changed while its old lines were looked at; nothing was removed.")
            anchor = _anchor_of(part, now=time(when(now)))
            times = (when(anchor.first_at), when(anchor.last_at), anchor.last_seal, when(anchor.at))
            db.execute(
                "INSERT INTO audit_anchors VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (anchor.id, anchor.first, anchor.last, *times, anchor.previous, anchor.seal),
            )
            write_down(db, removal(anchor, keep=keep, archive=part.archive), at=now)
            return anchor

        return await self._disk.write(work)

    async def drop(self, anchor: Anchor, *, most: int = CHUNK) -> int:
        """How many of the anchor's lines were removed now, the oldest first; 0 when all are gone."""
        oldest = "SELECT id FROM audit WHERE id <= ? ORDER BY id LIMIT ?"

        def work(db: sqlite3.Connection) -> int:
            if _newest(db) != anchor:
                raise NotPossible(f"Removal {anchor.id} is not written down as it was; nothing was removed.")
            return db.execute(f"DELETE FROM audit WHERE id IN ({oldest})", (anchor.last, most)).rowcount  # noqa: S608

        return await self._disk.write(work)


class _Walk:
    """From the oldest line on, verifying, as long as lines are old."""

    def __init__(self, after: Anchor | None, *, before: datetime, now: datetime) -> None:
        self.chain = Chain(after)
        self.first: AuditLine | None = None
        self.last: AuditLine | None = None
        self.tells_more = False
        self._before, self._now, self._new = before, now, False

    def over(self, lines: Iterable[AuditLine]) -> None:
        """Goes over these lines. Raises StoreError where one breaks the chain."""
        for line in lines:
            if self._before <= line.at <= self._now:
                return
            broken = self.chain.break_at(line)
            if broken is not None:
                raise StoreError(f"Nothing was removed from the audit log, because it is not whole: {broken}")
            self._take(line)

    def _take(self, line: AuditLine) -> None:
        """A line from the future, written when the clock was wrong, goes with the next old one."""
        self.first = self.first or line
        self._new = self._new or not is_removal(line.deed)
        if line.at < self._before:
            self.last, self.tells_more = line, self._new


def _newest(db: sqlite3.Connection) -> Anchor | None:
    return next(iter(newest_anchors(db, limit=1)), None)


def _from(db: sqlite3.Connection, first: int, *, most: int) -> Iterator[AuditLine]:
    """At most so many lines from this one on, a page at a time."""
    while most > 0 and (page := page_from(db, first, limit=min(PAGE, most))):
        yield from page
        first, most = page[-1].id + 1, most - len(page)


def _anchor_of(part: Part, *, now: datetime) -> Anchor:
    number, previous = (1, FIRST) if part.after is None else (part.after.id + 1, part.after.seal)
    first, last = part.first, part.last
    return sealed(Anchor(number, first.id, last.id, first.at, last.at, last.seal, now, previous))


def _archived(db: sqlite3.Connection, part: Part, folder: Path) -> str:
    """The name of the file that has the lines as JSON Lines now, on disk. Raises StoreError."""
    name = f"audit-{part.first.id}-{part.last.id}.jsonl"
    unfinished = folder / f"{name}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(unfinished, "w", encoding="utf-8", newline="\n", opener=_for_us_alone) as file:
            lines = _from(db, part.first.id, most=part.last.id - part.first.id + 1)
            file.writelines(as_json(line) + "\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(folder / name)
    except OSError as exc:
        raise StoreError(
            f"Nothing was removed from the audit log, because its archive {folder} cannot be written: {exc.strerror}. "
            "See [audit] archive in config.toml."
        ) from exc
    return name


def _for_us_alone(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
