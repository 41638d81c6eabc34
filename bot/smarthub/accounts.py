"""Accounts over the wire: the enterprise, one account, its plans and pools, its traffic by country. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.errors import BadInput
from bot.rules.accounts import Account, Charge, Country, Enterprise, Member
from bot.rules.plans import Plan, PlanKind
from bot.rules.pools import Pool
from bot.smarthub import wire
from bot.smarthub.addresses import name, shorten
from bot.smarthub.contract import Contract
from bot.smarthub.wire import Row, Unreadable, count, price, read_time, text


def read_account(value: object, contract: Contract, *, unreadable: Unreadable = wire.no_matter) -> Account:
    """One account from SmartHub's object. Raises ProviderError, naming the key, for a type we do not expect.

    https://apidoc-en.smh.smarthing.com, "Get account": the one answer that is documented whole.
    """
    row = Row(value, "account", contract)
    charge_word = row.known("charge", text)
    account = Account(
        name=row.need("name", text),
        charge=row.meaning("charge", charge_word, Charge),
        charge_word=charge_word,
        status=row.known("status", text),
        renewal=row.known("renewal", text),
        cycle=row.known("cycle", text),
        plans=row.each("plans", text),
        skus=row.each("skus", text),
        raw=row.value,
    )
    row.tell(unreadable, account.name)
    return account


def read_enterprise(value: object, contract: Contract, *, unreadable: Unreadable = wire.no_matter) -> Enterprise:
    """The enterprise with the accounts below it. Raises ProviderError, naming the key."""
    row = Row(value, "enterprise", contract)
    rows = [Row(account, "member", contract, unread=row.unread) for account in row.many("accounts")]
    members = tuple(_member(account) for account in rows)
    found = Enterprise(name=row.known("name", text), accounts=members, raw=row.value)
    row.tell(unreadable, found.name or "the enterprise")
    return found


def _member(row: Row) -> Member:
    charge_word = row.known("charge", text)
    return Member(
        name=row.need("name", text),
        charge=row.meaning("charge", charge_word, Charge),
        charge_word=charge_word,
        status=row.known("status", text),
        sim_count=row.known("sim_count", count),
    )


def read_plan(value: object, contract: Contract, *, unreadable: Unreadable = wire.no_matter) -> Plan:
    """One rate plan. Raises ProviderError, naming the key; a price that is no decimal text is not guessed at."""
    row = Row(value, "plan", contract)
    kind_word = row.known("kind", text)
    charge_word = row.known("charge", text)
    plan = Plan(
        name=row.need("name", text),
        kind=row.meaning("plan_kind", kind_word, PlanKind),
        kind_word=kind_word,
        charge=row.meaning("charge", charge_word, Charge),
        charge_word=charge_word,
        data_bytes=row.known("data_bytes", count),
        sms_count=row.known("sms_count", count),
        validity_days=row.known("validity_days", count),
        price=row.known("price", price),
        currency=row.known("currency", text),
        raw=row.value,
    )
    row.tell(unreadable, plan.name)
    return plan


def read_pool(value: object, contract: Contract, *, unreadable: Unreadable = wire.no_matter) -> Pool:
    """One shared pool. Raises ProviderError, naming the key."""
    row = Row(value, "pool", contract)
    pool = Pool(
        name=row.need("name", text),
        plan=row.known("plan", text),
        total_bytes=row.known("total_bytes", count),
        used_bytes=row.known("used_bytes", count),
        sim_count=row.known("sim_count", count),
        cycle=row.known("cycle", text),
        expires_at=row.known("expires_at", read_time),
        raw=row.value,
    )
    row.tell(unreadable, pool.name)
    return pool


def write_country_filters(*, account: str | None, cycle: str | None) -> Mapping[str, str | None]:
    """What the traffic by country is asked for. Raises BadInput for a cycle that is not written like 2026-11."""
    if cycle is not None and not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", cycle):
        raise BadInput(f"“{shorten(cycle, 40)}” is not a billing cycle: write year and month, like 2026-11.")
    return {"account": None if account is None else name(account), "cycle": cycle}


def read_country(value: object, contract: Contract, *, unreadable: Unreadable = wire.no_matter) -> Country:
    """Traffic and SIMs of one country. Raises ProviderError, naming the key."""
    row = Row(value, "country", contract)
    country = Country(
        code=row.need("code", text),
        traffic_bytes=row.known("traffic_bytes", count),
        sim_count=row.known("sim_count", count),
        raw=row.value,
    )
    row.tell(unreadable, country.code)
    return country
