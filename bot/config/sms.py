"""What is set about SMS: where conversations are held, how long texts are kept, limits, templates and words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from bot.config import kinds
from bot.config.settings import Section
from bot.errors import BadInput
from bot.rules.patterns import compile_pattern
from bot.rules.templates import check_template


def _template() -> BeforeValidator:
    """A text with fields of the SIM."""

    def read(value: object) -> str:
        try:
            return check_template(value if isinstance(value, str) else "")
        except BadInput as mistake:
            raise kinds.wrong(str(mistake)) from None

    return BeforeValidator(read)


def _pattern() -> BeforeValidator:
    """A regular expression that cannot take long."""

    def read(value: object) -> str | None:
        try:
            return None if value is None else compile_pattern(value if isinstance(value, str) else "").pattern
        except BadInput as mistake:
            raise kinds.wrong(str(mistake)) from None

    return BeforeValidator(read)


class Keyword(Section):
    """One [[sms.keywords]]: the channel that hears of an SMS, and the words or the pattern for which it does."""

    channel: Annotated[str, kinds.channel()] = Field(default_factory=lambda: "", validate_default=True)
    words: tuple[Annotated[str, kinds.spelled(r".{1,100}", "write a word in quotes")], ...] = ()
    pattern: Annotated[str | None, _pattern()] = Field(default=None, validate_default=True)

    @field_validator("pattern")
    @classmethod
    def _something_is_looked_for(cls, pattern: str | None, info: ValidationInfo) -> str | None:
        if pattern is None and info.data.get("words") == ():
            raise kinds.wrong("nothing would be looked for: write words or a pattern")
        return pattern


class Sms(Section):
    """How SMS are sent and shown. `channel` is the events channel unless it is given; `keep_body_for` is `None` where
    texts are not kept."""

    channel: Annotated[str | None, kinds.channel()] = Field(default_factory=lambda: None)
    keep_body_for: Annotated[timedelta | None, kinds.lasting_or("off", "1h", "3650d")] = Field(
        default="90d", validate_default=True
    )
    follow_for: Annotated[timedelta, kinds.lasting("1h", "30d")] = timedelta(days=3)
    per_person_and_hour: Annotated[int, kinds.whole(1, 100_000, " of SMS")] = 100
    per_sim_and_hour: Annotated[int, kinds.whole(1, 100_000, " of SMS")] = 20
    templates: Mapping[
        Annotated[str, kinds.spelled("[A-Za-z0-9_-]{1,40}", "call a template by letters, digits, - and _")],
        Annotated[str, _template()],
    ] = Field(default_factory=dict)
    keywords: tuple[Keyword, ...] = Field(default_factory=tuple)
