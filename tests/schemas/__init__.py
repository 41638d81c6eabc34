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

HERE = Path(__file__).parent


@cache
def schema(name: str) -> Draft7Validator:
    """Slack's type of this name, ready to judge."""
    read = json.loads((HERE / f"{name}.schema.json").read_text("utf-8"))
    Draft7Validator.check_schema(read)
    return Draft7Validator(read)


def misfits(name: str, thing: object) -> list[str]:
    """What does not fit Slack's type of this name, each with its place; empty when all of it does."""
    return [f"{error.json_path}: {error.message[:300]}" for error in schema(name).iter_errors(_as_sent(thing))]


def block_misfits(blocks: Sequence[Mapping[str, Any]]) -> list[str]:
    """The same for the blocks of a message, one by one, each against the type it says it is."""
    wrong = []
    for block in blocks:
        kind = _kinds().get(str(block.get("type")))
        if kind is None:
            wrong.append(f"{block.get('type')}: Slack has no such block")
        else:
            wrong += [
                f"{block['type']}: {error.json_path}: {error.message[:300]}"
                for error in kind.iter_errors(_as_sent(block))
            ]
    return wrong


@cache
def _kinds() -> dict[str, Draft7Validator]:
    """Each kind of block there is with its part of KnownBlock. To look them all through for each block takes long."""
    whole = schema("KnownBlock")
    kinds = {}
    for part in whole.schema["definitions"]["KnownBlock"]["anyOf"]:
        made = whole.schema["definitions"][part["$ref"].removeprefix("#/definitions/")]
        kind = made.get("anyOf", [made])[0]["properties"]["type"]["const"]
        kinds[kind] = whole.evolve(schema={**whole.schema, "$ref": part["$ref"]})
    return kinds


def _as_sent(thing: object) -> object:
    """What is left of it on the way: lists and objects, as JSON knows them."""
    return json.loads(json.dumps(thing))
