"""SIMs over the wire: one SIM, its custom fields, its change log, and what a change of plan or APN sends. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.errors import BadInput, ProviderError
from bot.rules.changes import Change, ChangeKind
from bot.rules.sims import NOTHING, Addon, Apn, Sim, Status, spellings
from bot.smarthub import wire
from bot.smarthub.addresses import name, number
from bot.smarthub.contract import Contract
from bot.smarthub.wire import Json, Row, Unreadable, count, read_time, text, write_time

CUSTOM = range(1, 6)


def read_sim(
    value: object, contract: Contract, *, keep_raw: bool = True, unreadable: Unreadable = wire.no_matter
) -> Sim:
    """One SIM from SmartHub's object. Raises ProviderError, naming the key, where number or status cannot be read.

    Any other value of a type we do not expect is not known, and `unreadable` is told its field and the SIM's number.
    A status in no table is kept in `status_word`; keys nobody told us of are kept in `raw` (unless not wanted).
    """
    row = Row(value, "sim", contract)
    status_word = row.need("status", text)
    status = contract.ours("status", status_word)
    sim = Sim(
        giccid=row.need("giccid", wire.giccid),
        status=Status(status) if status is not None else None,
        status_word=status_word,
        iccid=row.known("iccid", text),
        imsi=row.known("imsi", text),
        msisdn=row.known("msisdn", text),
        imei=row.known("imei", text),
        account=row.known("account", text),
        sku=row.known("sku", text),
        plan=row.known("plan", text),
        plan_expires_at=row.known("plan_expires_at", read_time),
        addons=row.each("addons", lambda addon: _addon(Row(addon, "addon", contract, unread=row.unread))),
        pool=row.known("pool", text),
        activated_at=row.known("activated_at", read_time),
        cycle=row.known("cycle", text),
        usage_bytes=row.known("usage_bytes", count),
        quota_bytes=row.known("quota_bytes", count),
        sms_count=row.known("sms_count", count),
        apns=row.each("apns", lambda apn: _apn(Row(apn, "apn", contract, unread=row.unread), contract)),
        country=row.known("country", text),
        last_session_at=row.known("last_session_at", read_time),
        custom=tuple(row.known(f"custom{n}", wire.words, empty=True) for n in CUSTOM),
        raw=row.value if keep_raw else NOTHING,
    )
    row.tell(unreadable, sim.giccid)
    return sim


def number_in(value: object, contract: Contract) -> str | None:
    """The number of the SIM an object is about, `None` where not even that can be read."""
    try:
        return Row(value, "sim", contract).known("giccid", wire.giccid)
    except ProviderError:
        return None


def read_custom(value: object, contract: Contract) -> tuple[str | None, ...]:
    """The five custom fields, `None` where one is not set.

    Raises ProviderError for one that cannot be read: taken for one that is not set, it would be lost when all five are
    sent back.
    """
    row = Row(value, "sim", contract)
    return tuple(row.read(f"custom{n}", wire.words, empty=True) for n in CUSTOM)


def write_custom(values: Sequence[str | None], contract: Contract) -> Json:
    """The five custom fields as SmartHub takes them: always all five, as what leaving one out does is not documented.

    Raises BadInput for more or fewer, or one of more than 200 characters.
    """
    if len(values) != 5:
        raise BadInput("A SIM has five custom fields, and all five are sent.")
    if any(value is not None and len(value) > 200 for value in values):
        raise BadInput("A custom field holds at most 200 characters.")
    return {contract.keys("sim", f"custom{n}")[0]: value for n, value in enumerate(values, 1)}


def is_about(sim: Sim, asked: str) -> bool:
    """Whether an answer is about the SIM that was asked for, in whichever of its spellings."""
    return any(same_sim(name, asked) for name in (sim.giccid, sim.iccid) if name is not None)


def same_sim(name: str, asked: str) -> bool:
    """Whether two numbers name the same SIM, with or without the check digit."""
    return name == asked or (asked.isdecimal() and len(asked) >= 18 and name in spellings(asked))


def _addon(row: Row) -> Addon:
    return Addon(
        name=row.need("name", text),
        total_bytes=row.known("total_bytes", count),
        used_bytes=row.known("used_bytes", count),
        expires_at=row.known("expires_at", read_time),
    )


def _apn(row: Row, contract: Contract) -> Apn:
    word = row.known("enabled", text)
    switch = contract.ours("apn_status", word) if word is not None else None
    return Apn(name=row.need("name", text), enabled={"on": True, "off": False}.get(switch or ""))


def write_filters(
    contract: Contract,
    *,
    account: str | None = None,
    status: Status | None = None,
    plan: str | None = None,
    iccid: str | None = None,
    imsi: str | None = None,
    msisdn: str | None = None,
    imei: str | None = None,
) -> Mapping[str, str | None]:
    """What a list of SIMs is asked for. Raises BadInput for an empty filter: SmartHub might list all of them for it."""
    words = {"account": account, "plan": plan, "iccid": iccid, "imsi": imsi, "msisdn": msisdn, "imei": imei}
    filters = {ours: None if word is None else name(word) for ours, word in words.items()}
    return {**filters, "status": None if status is None else contract.theirs("status", status)}


# Changes


def write_plan(plan: str, contract: Contract) -> Json:
    """The body of a change of the basic plan, and of an order of an addon. Raises BadInput."""
    return {contract.keys("body", "plan")[0]: name(plan)}


def write_apn(apn: str, contract: Contract, *, enabled: bool) -> Json:
    """The body that switches an APN. Raises BadInput."""
    word = contract.theirs("apn_status", "on" if enabled else "off")
    return {contract.keys("body", "apn")[0]: name(apn), contract.keys("body", "apn_status")[0]: word}


# The change log


def write_log_filters(
    contract: Contract,
    *,
    giccid: str | None,
    kind: ChangeKind | None,
    since: datetime | None,
    until: datetime | None,
) -> Mapping[str, str | None]:
    """What the change log is asked for. Raises BadInput for a time without a zone, or an end before the beginning."""
    first, last = (None if moment is None else write_time(moment) for moment in (since, until))
    if since is not None and until is not None and since > until:
        raise BadInput("The time until which to look lies before the time since when.")
    return {
        "giccid": None if giccid is None else number(giccid),
        "change_kind": None if kind is None else contract.theirs("change_kind", kind),
        "since": first,
        "until": last,
    }


def read_change(value: object, contract: Contract) -> Change:
    """One line of the change log. Raises ProviderError, naming the key, for a type we do not expect."""
    row = Row(value, "change", contract)
    kind, kind_word = row.word("kind", "change_kind", ChangeKind)
    old, new = row.read("old", text), row.read("new", text)
    if kind is ChangeKind.STATUS:
        old, new = (contract.ours("status", word or "") or word for word in (old, new))
    return Change(
        kind=kind,
        kind_word=kind_word,
        giccid=row.read("giccid", wire.giccid),
        old=old,
        new=new,
        changed_at=row.read("changed_at", read_time),
        raw=row.value,
    )
