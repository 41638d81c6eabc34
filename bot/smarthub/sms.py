"""SMS over the wire: what sends one, what SmartHub says when it has taken one over, and what became of it. Pure."""

from __future__ import annotations

from bot.errors import BadInput, ProviderError
from bot.rules.sms import TEXT_AT_MOST, Coding, Sms, SmsState, lasts
from bot.smarthub import wire
from bot.smarthub.addresses import number
from bot.smarthub.contract import Contract
from bot.smarthub.wire import Json, Row, read_time


def write_sms(giccid: str, text: str, contract: Contract, *, coding: Coding | None, validity: int | None) -> Json:
    """The body that sends an SMS, with coding and validity (TP-VP) only where asked for. Raises BadInput."""
    if not 1 <= len(text) <= TEXT_AT_MOST:
        raise BadInput(f"An SMS has 1 to {TEXT_AT_MOST} characters; this one has {len(text)}.")
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise BadInput("This text has a broken character in it, so it cannot be sent.")
    if coding == Coding.ASCII and not text.isascii():
        raise BadInput(
            "This text has characters that are not in ASCII; leave the coding out, or write it without them."
        )
    sent: dict[str, object] = {"sms_giccid": number(giccid), "sms_text": text}
    if coding is not None:
        sent["sms_coding"] = int(_known(coding))
    if validity is not None:
        lasts(validity)
        sent["sms_validity"] = validity
    return {contract.keys("body", ours)[0]: value for ours, value in sent.items()}


def _known(coding: int) -> Coding:
    try:
        return Coding(coding)
    except ValueError:
        raise BadInput("The coding of an SMS is 0 (the network's own), 1 (ASCII) or 4 (binary).") from None


def read_sms(value: object, contract: Contract) -> Sms:
    """One SMS and what became of it. Raises ProviderError, naming the key, for a type we do not expect."""
    row = Row(value, "sms", contract)
    state, state_word = row.word("state", "sms_state", SmsState)
    return Sms(
        id=row.need("id", wire.text),
        state=state,
        state_word=state_word,
        giccid=row.read("giccid", wire.giccid),
        sent_at=row.read("sent_at", read_time),
        raw=row.value,
    )


def read_sent(value: object, contract: Contract) -> Sms:
    """An SMS that was just taken over. Its id is enough to follow it; raises ProviderError where there is none."""
    row = Row(value, "sms", contract)
    taken = Sms(id=row.need("id", wire.text), raw=row.value)
    try:
        return read_sms(value, contract)
    except ProviderError:
        return taken
