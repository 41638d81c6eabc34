"""Keeps the workspace in one JSON file, so that a demo that was killed comes back with its channels."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from bot.errors import StoreError
from bot.simulator.slack.shapes import Channel, File, Json, Message
from bot.simulator.slack.workspace import AnswerAddress, Change, Workspace

VERSION = 2


class Journal:
    """Writes the whole workspace after changes, once for all changes of one turn of the event loop."""

    def __init__(self, space: Workspace, path: Path) -> None:
        self.space = space
        self.path = path
        self.folder = path.with_suffix(".files")
        self._due = False
        self._written: set[str] = set()

    def watch(self) -> None:
        """Begins to write."""
        self.space.watchers.append(self._changed)

    def _changed(self, _change: Change) -> None:
        self.due()

    def due(self) -> None:
        """Writes at the end of this turn of the event loop."""
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self.save)

    def save(self) -> None:
        """Writes now; the file is whole at every moment."""
        self._due = False
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._save_files()
        new = self.path.with_suffix(".new")
        with new.open("w", encoding="utf-8") as out:
            json.dump(dump(self.space), out, ensure_ascii=False)
            out.flush()
            os.fsync(out.fileno())
        new.replace(self.path)

    def _save_files(self) -> None:
        """Writes the content of each file once, beside the journal: it never changes, and may be large."""
        for file in self.space.files.values():
            if file.id not in self._written:
                self._written.add(file.id)
                self.folder.mkdir(exist_ok=True)
                (self.folder / file.id).write_bytes(file.content)

    def load(self) -> None:
        """Reads what was written, where there is something. Raises StoreError when it is not what was written here."""
        if not self.path.exists():
            return
        try:
            fill(self.space, json.loads(self.path.read_text(encoding="utf-8")), files=self.folder)
            self._written = set(self.space.files)
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as exc:
            raise StoreError(
                f"{self.path} cannot be read: {type(exc).__name__} {exc}. It keeps what was said in the demo's Slack. "
                "Take it away, or start the demo with --fresh."
            ) from exc


def dump(space: Workspace) -> Json:
    """The workspace as JSON."""
    return {
        "version": VERSION,
        "last_ts": space.last_ts,
        "counted": space.counted,
        "channels": [{"id": c.id, "bot_in": c.bot_in, "archived": c.archived} for c in space.channels.values()],
        "messages": [_message(m) for channel in space.written.values() for m in channel.values()],
        "homes": {user: s.home for user, s in space.surfaces.items() if s.home is not None},
        "modals": {user: s.modals for user, s in space.surfaces.items() if s.modals},
        "answers": {token: asdict(a) | {"at": a.at.isoformat()} for token, a in space.answers.items()},
        "choices": [[user, place, values] for (user, place), values in space.choices.items()],
        "files": [_bare(f, "content") for f in space.files.values()],
        "handed": sorted(space.handed),
    }


def _message(message: Message) -> Json:
    return _bare(message, "files") | {"files": [f.id for f in message.files]}


def _bare(thing: Message | File, without: str) -> Json:
    return {name: getattr(thing, name) for name in thing.__dataclass_fields__ if name != without}


def fill(space: Workspace, kept: Json, *, files: Path) -> None:
    """Puts what was kept back, with the content of files from this folder. Channels and people stay as they were given;
    what belongs to others is left out.
    """
    if kept.get("version") != VERSION:
        return
    space.last_ts, space.counted = kept["last_ts"], kept["counted"]
    for file in kept["files"]:
        space.files[file["id"]] = File(**file, content=(files / file["id"]).read_bytes())
    space.handed = set(kept["handed"])
    for channel in kept["channels"]:
        _fill_channel(space.channels.get(channel["id"]), channel)
    for message in kept["messages"]:
        if space.channel(message["channel"]) is not None:
            restored = _restored(space, message)
            space.written.setdefault(restored.channel, {})[restored.ts] = restored
    for user, surface in space.surfaces.items():
        surface.home = kept["homes"].get(user)
        surface.modals = kept["modals"].get(user, [])
    for token, answer in kept["answers"].items():
        space.answers[token] = AnswerAddress(**answer | {"at": datetime.fromisoformat(answer["at"])})
    space.choices = {(user, place): values for user, place, values in kept["choices"]}


def _fill_channel(channel: Channel | None, kept: Json) -> None:
    if channel is not None:
        channel.bot_in, channel.archived = kept["bot_in"], kept["archived"]


def _restored(space: Workspace, kept: Json) -> Message:
    lists = {
        "blocks": tuple(kept["blocks"]),
        "attachments": tuple(kept["attachments"]),
        "reactions": tuple((name, user) for name, user in kept["reactions"]),
        "files": tuple(space.files[f] for f in kept["files"]),
    }
    return Message(**kept | lists)
