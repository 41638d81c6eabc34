"""JSON Schemas that `./make` takes from the TypeScript types Slack publishes, and how to hold something against one.

They come from @slack/types, @slack/web-api and @slack/bolt (MIT licence, © Slack Technologies) in the versions that
stand in tests/peers/package.json. They know shapes and not lengths.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from jsonschema import Draft7Validator, ValidationError
from jsonschema.validators import extend

HERE = Path(__file__).parent
ANY_OF = Draft7Validator.VALIDATORS["anyOf"]


@cache
def schema(name: str) -> Draft7Validator:
    """Slack's type of this name, ready to judge."""
    read = json.loads((HERE / f"{name}.schema.json").read_text("utf-8"))
    Draft7Validator.check_schema(read)
    types = {ref: _types(made, read["definitions"]) for ref, made in read["definitions"].items()}

    def any_of(judge: Any, branches: list[Any], thing: object, whole: object) -> Iterator[ValidationError]:
        """`anyOf`, where an object is held against what has its `type` alone: to try all of them takes very long."""
        fitting = [b for b in branches if _may_be(b, thing, types)]
        if len(fitting) == 1:
            yield from judge.descend(thing, fitting[0])
        else:
            yield from ANY_OF(judge, fitting or branches, thing, whole)

    del read["$schema"]  # the library would go by it, and take its own class again
    return extend(Draft7Validator, {"anyOf": any_of})(read)


def _may_be(branch: Any, thing: object, types: Mapping[str, frozenset[str] | None]) -> bool:
    """Whether the thing could be of this branch, as far as its `type` tells."""
    known = types.get(_named(branch.get("$ref", "")))
    return known is None or not isinstance(thing, Mapping) or thing.get("type") in known


def _named(ref: str) -> str:
    """The name of the definition that is meant."""
    return unquote(ref.removeprefix("#/definitions/"))


def _types(made: Any, definitions: Mapping[str, Any]) -> frozenset[str] | None:
    """What the `type` of an object may be under this part of the schema; `None` where that is left open."""
    if "$ref" in made:
        return _types(definitions[_named(made["$ref"])], definitions)
    if "anyOf" in made:
        parts = [_types(part, definitions) for part in made["anyOf"]]
        return None if None in parts else frozenset().union(*(part for part in parts if part is not None))
    const = made.get("properties", {}).get("type", {}).get("const")
    return None if const is None or "type" not in made.get("required", ()) else frozenset({const})


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
