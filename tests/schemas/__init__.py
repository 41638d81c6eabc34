"""JSON Schemas that `./make` takes from the TypeScript types Slack publishes, and how to hold something against one.

They come from @slack/types, @slack/web-api and @slack/bolt (MIT licence, © Slack Technologies) in the versions that
stand in tests/peers/package.json. They know shapes and not lengths.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator

from tests.schemas.judge import Judge, Judges

HERE = Path(__file__).parent


@cache
def schema(name: str) -> dict[str, Any]:
    """Slack's type of this name."""
    read: dict[str, Any] = json.loads((HERE / f"{name}.schema.json").read_text("utf-8"))
    Draft7Validator.check_schema(read)
    return read


@cache
def _judges(name: str) -> tuple[Judge, Draft7Validator]:
    """Who says quickly whether something fits this type, and who says slowly why not."""
    return Judges(schema(name)["definitions"]).of(schema(name)), Draft7Validator(schema(name))


@cache
def _block_judges() -> dict[str, tuple[Judge, Draft7Validator]]:
    """The same for each kind of block, by its part of KnownBlock."""
    whole = schema("KnownBlock")
    definitions, judges, kinds = whole["definitions"], Judges(whole["definitions"]), {}
    for part in definitions["KnownBlock"]["anyOf"]:
        made = definitions[part["$ref"].removeprefix("#/definitions/")]
        kind = made.get("anyOf", [made])[0]["properties"]["type"]["const"]
        kinds[kind] = judges.of(part), Draft7Validator({**whole, "$ref": part["$ref"]})
    return kinds


def misfits(name: str, thing: object) -> list[str]:
    """What does not fit Slack's type of this name, each with its place; empty when all of it does."""
    return _told(_judges(name), _as_sent(thing))


def block_misfits(blocks: Sequence[Mapping[str, Any]]) -> list[str]:
    """The same for the blocks of a message, one by one, each against the type it says it is."""
    wrong = []
    for block in blocks:
        judges = _block_judges().get(str(block.get("type")))
        if judges is None:
            wrong.append(f"{block.get('type')}: Slack has no such block")
        else:
            wrong += [f"{block['type']}: {misfit}" for misfit in _told(judges, _as_sent(block))]
    return wrong


def _told(judges: tuple[Judge, Draft7Validator], thing: object) -> list[str]:
    fits, why_not = judges
    if fits(thing):
        return []
    return [f"{error.json_path}: {error.message[:300]}" for error in why_not.iter_errors(thing)]


def _as_sent(thing: object) -> object:
    """What is left of it on the way: lists and objects, as JSON knows them."""
    return json.loads(json.dumps(thing))
