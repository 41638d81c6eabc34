"""What a caller of the Web API asked for, read from a form, a query or JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence

from bot.simulator.slack.shapes import Json, Refused

OBJECTS = frozenset({"blocks", "attachments", "view", "files", "metadata"})


class Asked:
    """The arguments of one call. Objects may come as JSON texts, as they do in forms."""

    def __init__(self, args: Json) -> None:
        self.args = {k: self._read(k, v) for k, v in args.items()}

    @staticmethod
    def _read(key: str, value: object) -> object:
        if key not in OBJECTS or not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError as exc:
            code = "invalid_blocks_format" if key == "blocks" else "invalid_arguments"
            raise Refused(code, [f"not valid JSON [json-pointer:/{key}]"]) from exc

    def text(self, key: str, default: str = "") -> str:
        """The argument as text."""
        value = self.args.get(key)
        return default if value is None else str(value)

    def needed(self, key: str) -> str:
        """The argument as text; raises Refused when it is missing."""
        if not self.text(key):
            raise Refused("invalid_arguments", [f"missing required field: {key}"])
        return self.text(key)

    def flag(self, key: str) -> bool:
        """Whether it was said to be true."""
        return self.text(key).lower() in {"true", "1"}

    def number(self, key: str, default: int) -> int:
        """The argument as a number."""
        try:
            return int(self.text(key, str(default)))
        except ValueError as exc:
            raise Refused("invalid_arguments", [f"must be an integer [json-pointer:/{key}]"]) from exc

    def thing(self, key: str) -> object:
        """The argument as it is."""
        return self.args.get(key)

    def things(self, key: str) -> list[Json]:
        """The argument as a list; an empty one when it is missing."""
        value = self.args.get(key)
        return value if isinstance(value, list) else []

    def page(self, rows: Sequence[Json] | Sequence[str], *, key: str, default: int = 100) -> Json:
        """One page of the rows under this key, with the cursor of the next."""
        limit = self.number("limit", default) or default
        if not 1 <= limit <= 1000:
            raise Refused("invalid_limit")
        cursor = self.text("cursor")
        if cursor and not cursor.startswith("next:"):
            raise Refused("invalid_cursor")
        start = int(cursor.removeprefix("next:")) if cursor else 0
        more = start + limit < len(rows)
        following = f"next:{start + limit}" if more else ""
        return {key: list(rows[start : start + limit]), "response_metadata": {"next_cursor": following}}
