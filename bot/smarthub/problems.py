"""What SmartHub's refusals mean, as errors of ours: one sentence each, with its own words in it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.errors import (
    AccessForbidden,
    BotError,
    ChangeRefused,
    KeyRefused,
    NotFound,
    OutcomeUnknown,
    ProviderBusy,
    ProviderDown,
    ProviderError,
    SimNotFound,
)
from bot.smarthub.addresses import shorten
from bot.smarthub.contract import Basis, Contract, Endpoint
from bot.smarthub.wire import read_object

WORDS_AT_MOST = 300


@dataclass(frozen=True)
class Subject:
    """What a call is about, for the sentences: `kind` is "SIM", "account" …, `name` its number or name."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {shorten(self.name, 200)}"


@dataclass(frozen=True)
class Fault:
    """One member of a problem's `errors`."""

    code: str
    field: str | None = None
    resource: str | None = None


@dataclass(frozen=True)
class Problem:
    """What SmartHub said beside the status: its words, shortened, and each fault it named."""

    words: str
    faults: tuple[Fault, ...] = ()


def read_problem(body: bytes) -> Problem:
    """What a refusal says for itself; nothing, when it is not the documented JSON. Never raises."""
    try:
        value = read_object(body)
    except ProviderError:
        return Problem("")
    listed = value.get("errors")
    errors = [error for error in listed if isinstance(error, dict)] if isinstance(listed, list) else []
    faults = tuple(_fault(error) for error in errors)
    said = [word for word in (value.get("title"), value.get("detail")) if isinstance(word, str) and word]
    named = [" ".join(filter(None, (f.resource, f.field, f.code))) for f in faults]
    messages = [message for error in errors if isinstance(message := error.get("message"), str)]
    return Problem(shorten("; ".join([*said, *named, *messages]), WORDS_AT_MOST), faults)


def _fault(value: dict[str, object]) -> Fault:
    def word(key: str) -> str | None:
        found = value.get(key)
        return shorten(found, 60) if isinstance(found, str) and found else None

    return Fault(code=word("code") or "unknown", field=word("field"), resource=word("resource"))


def refusal(
    status: int,
    problem: Problem,
    *,
    endpoint: Endpoint,
    contract: Contract,
    about: Subject | None = None,
    retry_after: float | None = None,
) -> BotError:
    """The error that an answer other than 2xx stands for. `retry_after` is in seconds.

    For a change: 3xx, 408 and 5xx leave it unknown whether it was done; any other 4xx says that it was not.
    """
    said = f" It said: “{problem.words}”." if problem.words else ""
    if endpoint.changes and (status < 400 or status == 408 or status >= 500):
        return OutcomeUnknown(f"{lost(f'SmartHub answered with {status}', endpoint)}{said}")
    if status in _PLAIN:
        kind, sentence = _PLAIN[status]
        return kind(sentence + said)
    if status == 429:
        return ProviderBusy(f"SmartHub is busy and asks to wait{_wait(retry_after)}.{said}", retry_after=retry_after)
    if status == 408 or status >= 500:
        return ProviderDown(f"SmartHub is not working right now ({status}). Try again later.{said}")
    return _not_so(status, problem.faults, endpoint=endpoint, contract=contract, about=about, said=said)


def lost(why: str, endpoint: Endpoint) -> str:
    """The sentence for a change whose outcome is not known: what may have been done, and where to look."""
    if endpoint.name == "sendSms":
        return f"{why}, so the SMS may or may not have been sent. It is not sent again by itself."
    if endpoint.name.startswith("batch"):
        return f"{why}, so the job may or may not have been stored: look at its SIMs before trying again."
    return f"{why}, so the change may or may not have been done: look at the SIM before trying again."


def _not_so(
    status: int, faults: Sequence[Fault], *, endpoint: Endpoint, contract: Contract, about: Subject | None, said: str
) -> BotError:
    if status == 404 or (about is not None and _is_missing(faults, endpoint, contract)):
        return _missing(status, endpoint, about, said)
    if endpoint.changes:
        return _refused(status, faults, said)
    return ProviderError(f"SmartHub did not accept the question ({status}).{said}")


_PLAIN: dict[int, tuple[type[BotError], str]] = {
    401: (KeyRefused, "SmartHub does not accept the API key. Check SMARTHUB_API_KEY."),
    403: (AccessForbidden, "SmartHub says that this API key may not do this. Ask whoever manages the keys."),
}


def _wait(retry_after: float | None) -> str:
    return "" if retry_after is None else f" {retry_after:.0f} seconds"


def _is_missing(faults: Sequence[Fault], endpoint: Endpoint, contract: Contract) -> bool:
    """Whether a 422 says that what was asked for is not there, rather than something named in the request's body."""
    sim_keys = {
        *contract.keys("sim", "giccid"),
        *contract.keys("sim", "iccid"),
        *contract.keys("body", "sms_giccid"),
        None,
    }
    codes = {fault.code for fault in faults if fault.field in sim_keys}
    if endpoint.changes:
        return "missing" in codes or (endpoint.name in _BARE and any(f.code == "missing" for f in faults))
    # "invalid" is a number that SmartHub does not take for one of its SIMs: it may know another spelling of it.
    return "invalid" in codes or any(fault.code == "missing" for fault in faults)


_BARE = frozenset({"activateSim", "suspendSim", "retireSim"})  # no body: only the SIM itself can be missing


def _missing(status: int, endpoint: Endpoint, about: Subject | None, said: str) -> BotError:
    setting = f"[smarthub.operations.{endpoint.name}] path in config.toml"
    if status == 404 and endpoint.guessed:
        return ProviderError(
            f"SmartHub has nothing at {endpoint.path} (404); that address is only assumed. "
            f"Write the right one under {setting}."
        )
    if about is None:
        return ProviderError(f"SmartHub has nothing at {endpoint.path} (404). Is smarthub.base_url right?{said}")
    if about.kind != "SIM":
        return NotFound(f"SmartHub has no {about}.{said}")
    doubt = (
        f" (Or its address is another one: {setting}.)" if endpoint.basis is Basis.INFERRED and status == 404 else ""
    )
    return SimNotFound(f"SmartHub has no {about}.{doubt}{said}")


def _refused(status: int, faults: Sequence[Fault], said: str) -> ChangeRefused:
    first = faults[0] if faults else None
    if first is None:
        code = {400: "bad_request", 409: "conflict", 422: "invalid"}.get(status, f"http_{status}")
        return ChangeRefused(f"SmartHub refused the change ({status}); nothing was changed.{said}", code=code)
    because = _BECAUSE.get(first.code, "")
    return ChangeRefused(f"SmartHub refused the change{because}.{said}", code=first.code, field=first.field)


_BECAUSE = {
    "illegal_status": ": the SIM is not in a state that allows it",
    "invalid": ": it does not accept a value",
    "missing": ": something it refers to does not exist",
    "missing_field": ": something is missing in it",
    "already_exists": ": it exists already",
}
