"""Everything we expect to go wrong, drawn as a tree. The text of each is the sentence a person will read.

BotError
├── BadInput             what was typed, pressed or pushed cannot be understood
│   ├── TooBroad             what was asked for would take too long to find; says how to narrow it
│   ├── NotOneSim            what was typed names no SIM, or several
│   └── Misfilled            a form is filled in wrong; one sentence for each field
├── NotAllowed           this person may not do this
├── NotPossible          it does not fit the state things are in now
├── NotFound             there is no such thing here (a SIM, an approval, an alert)
├── ConfigError          the configuration is wrong; one sentence for each mistake
├── StoreError           the store on disk cannot be read or written
├── SlackError           Slack refused or could not be reached
└── ProviderError        SmartHub answered with something we cannot use
    ├── KeyRefused           the API key is wrong or missing
    ├── AccessForbidden      the key is right and may not do this
    ├── SimNotFound          SmartHub has no such SIM
    ├── ChangeRefused        SmartHub says no, with its reason (illegal_status, invalid …)
    ├── AddressNotConfirmed  a change whose address is only assumed; nothing was sent
    ├── ProviderBusy         429; says how long to wait
    ├── ProviderDown         cannot be reached, or answers 5xx; nothing was changed
    └── OutcomeUnknown       a change was sent and its answer was lost: look before doing anything else
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType


class BotError(Exception):
    """The root. `str(error)` is a sentence for a person: what happened, and what to do."""


class BadInput(BotError):
    """What was typed, pressed or pushed cannot be understood; says what to write instead."""


class TooBroad(BadInput):
    """What was asked for would take too long to find; says how to narrow it."""


class NotOneSim(BadInput):
    """What was typed names no SIM, or several; says which."""


class Misfilled(BadInput):
    """A form is filled in wrong. `problems` holds a sentence for each of its fields that is."""

    def __init__(self, text: str, *, problems: Mapping[str, str] = MappingProxyType({})) -> None:
        self.problems = problems
        super().__init__(text)


class NotAllowed(BotError):
    """This person may not do this."""


class NotPossible(BotError):
    """It does not fit the state things are in now."""


class NotFound(BotError):
    """There is no such thing here."""


class ConfigError(BotError):
    """The configuration cannot be used. `mistakes` holds one sentence for each thing that is wrong."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("The configuration cannot be used:\n" + "\n".join(f"  - {m}" for m in self.mistakes))


class StoreError(BotError):
    """The store on disk cannot be read or written."""


class SlackError(BotError):
    """Slack refused, or could not be reached. `code` is Slack's own word, e.g. `channel_not_found`.

    `retry_after` is in seconds where Slack named it; `again` says whether the same call may go through later. `method`
    is what was called, where Slack answered.
    """

    def __init__(
        self, text: str, *, code: str, again: bool = False, retry_after: float | None = None, method: str | None = None
    ) -> None:
        self.code = code
        self.method = method
        self.again = again
        self.retry_after = retry_after
        super().__init__(text)


class ProviderError(BotError):
    """SmartHub answered with something we cannot use: not JSON, a wrong type, a redirect that leads away."""


class KeyRefused(ProviderError):
    """401: the API key is wrong or missing."""


class AccessForbidden(ProviderError):
    """403: the key is right and may not do this."""


class SimNotFound(ProviderError):
    """404, or 422 with code `missing`: SmartHub has no such SIM."""


class ChangeRefused(ProviderError):
    """422 on a change: SmartHub says no. `code` is its word, e.g. `illegal_status`; `field` where it named one."""

    def __init__(self, text: str, *, code: str, field: str | None = None) -> None:
        self.code = code
        self.field = field
        super().__init__(text)


class AddressNotConfirmed(ProviderError):
    """A change whose address is only assumed and that no operator has confirmed. Nothing was sent."""


class ProviderBusy(ProviderError):
    """429. `retry_after` is in seconds, `None` where SmartHub did not say."""

    def __init__(self, text: str, *, retry_after: float | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(text)


class ProviderDown(ProviderError):
    """SmartHub cannot be reached or answers 5xx to a read. Nothing was changed."""


class OutcomeUnknown(ProviderError):
    """A change was sent and its answer was lost or made no sense. It may or may not have been done."""
