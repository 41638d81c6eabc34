"""SmartHub's OpenAPI document, as a validator we did not write reads it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from openapi_core import Config, OpenAPI

FILE = Path(__file__).parent.parent / "docs" / "smarthub-openapi.yaml"


@cache
def document() -> OpenAPI:
    """The document, ready to judge with; that it is one itself is judged once, and not by each process."""
    return OpenAPI.from_file_path(str(FILE), config=Config(spec_validator_cls=None))


@cache
def spec() -> dict[str, Any]:
    """The same as it stands there."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    read: dict[str, Any] = yaml.load(FILE.read_text("utf-8"), loader)  # noqa: S506 - in C or not, it is the safe one
    return read
