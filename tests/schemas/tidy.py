"""Takes the prose out of a JSON Schema on standard input; what is left is what decides."""

from __future__ import annotations

import json
import sys

PROSE = ("description", "deprecated", "examples", "default")


def tidied(schema: object) -> object:
    """The schema without its prose; a property that is called `description` stays."""
    if isinstance(schema, list):
        return [tidied(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    named = ("properties", "definitions")
    return {
        key: {name: tidied(part) for name, part in value.items()} if key in named else tidied(value)
        for key, value in schema.items()
        if key not in PROSE
    }


json.dump(tidied(json.load(sys.stdin)), sys.stdout, indent=1, sort_keys=True, ensure_ascii=False)
sys.stdout.write("\n")
