"""A JSON file that is always whole: written beside, synced, then put in place of the old one."""

from __future__ import annotations

import json
import os
from pathlib import Path

from bot.errors import StoreError

VERSION = 1


def load(path: Path) -> dict[str, object] | None:
    """What was saved; `None` when nothing was. Raises StoreError for a file that is not ours."""
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as exc:
        raise StoreError(f"{path} cannot be read as the simulator's journal; move it away to start anew.") from exc
    if not isinstance(saved, dict) or saved.get("version") != VERSION or not isinstance(saved.get("world"), dict):
        raise not_ours(path)
    world: dict[str, object] = saved["world"]
    return world


def not_ours(path: Path) -> StoreError:
    """The error for a file that holds something else."""
    return StoreError(f"{path} is no journal of this simulator; move it away to start anew.")


def save(path: Path, world: dict[str, object]) -> None:
    """Puts the world on disk. Whoever is killed in between finds the old file or the new one."""
    beside = path.with_name(path.name + ".new")
    with beside.open("w", encoding="utf-8") as file:
        json.dump({"version": VERSION, "world": world}, file)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
