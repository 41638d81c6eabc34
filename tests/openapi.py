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
    read: dict[str, Any] = yaml.load(  # noqa: S506 - both are safe
        FILE.read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    )
    return read
