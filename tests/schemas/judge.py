"""A quick judge for the words of JSON Schema that Slack's types need: it says whether, jsonschema says why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

Judge = Callable[[Any], bool]

KINDS: Mapping[str, Judge] = {
    "object": lambda thing: isinstance(thing, dict),
    "array": lambda thing: isinstance(thing, list),
    "string": lambda thing: isinstance(thing, str),
    "boolean": lambda thing: isinstance(thing, bool),
    "number": lambda thing: isinstance(thing, int | float) and not isinstance(thing, bool),
    "null": lambda thing: thing is None,
}
WORDS = {"type", "const", "enum", "anyOf", "items", "$ref", "properties", "required", "additionalProperties"}


class Judges:
    """The judges of one file's definitions, each made once."""

    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self._definitions = definitions
        self._made: dict[str, Judge] = {}

    def of(self, schema: Any) -> Judge:
        """Whether something read from JSON fits this part of the schema; a word that is not known is a KeyError."""
        if isinstance(schema, bool):
            return lambda _: schema
        if unknown := schema.keys() - WORDS - {"$schema", "definitions"}:
            raise KeyError(f"Nobody judges {sorted(unknown)}.")
        if "$ref" in schema:  # of draft 7: what stands beside it does not count
            return self._named(unquote(schema["$ref"].removeprefix("#/definitions/")))
        parts = [made for word in ("type", "const", "enum", "anyOf", "items") if word in schema
                 for made in [getattr(self, f"_{word}")(schema[word])]]  # fmt: skip
        if schema.keys() & {"properties", "required", "additionalProperties"}:
            parts.append(self._object(schema))
        return parts[0] if len(parts) == 1 else lambda thing: all(part(thing) for part in parts)

    def _named(self, name: str) -> Judge:
        # A definition may hold itself: who judges it is asked for when there is something to judge.
        def judge(thing: Any) -> bool:
            made = self._made.get(name)
            if made is None:
                made = self._made[name] = self.of(self._definitions[name])
            return made(thing)

        return judge

    def _type(self, kinds: str | list[str]) -> Judge:
        judges = [KINDS[kind] for kind in ([kinds] if isinstance(kinds, str) else kinds)]
        return judges[0] if len(judges) == 1 else lambda thing: any(judge(thing) for judge in judges)

    def _const(self, one: Any) -> Judge:
        return self._enum([one])

    def _enum(self, all_of_them: list[Any]) -> Judge:
        # True is 1 in Python and not in JSON.
        allowed = {(type(one), one) for one in all_of_them}
        return lambda thing: not isinstance(thing, dict | list) and (type(thing), thing) in allowed

    def _anyOf(self, branches: list[Any]) -> Judge:  # noqa: N802 - the word of JSON Schema
        judges = [self.of(branch) for branch in branches]
        return lambda thing: any(judge(thing) for judge in judges)

    def _items(self, every: Any) -> Judge:
        judge = self.of(every)
        return lambda thing: not isinstance(thing, list) or all(judge(one) for one in thing)

    def _object(self, schema: Mapping[str, Any]) -> Judge:
        required = frozenset(schema.get("required", ()))
        known = {name: self.of(part) for name, part in schema.get("properties", {}).items()}
        other = self.of(schema.get("additionalProperties", True))

        def judge(thing: Any) -> bool:
            return not isinstance(thing, dict) or (
                required <= thing.keys() and all(known.get(name, other)(value) for name, value in thing.items())
            )

        return judge
