"""Accounts over the wire: the enterprise, one account, its plans and pools, its traffic by country. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.errors import BadInput
from bot.rules.accounts import Account, Charge, Country, Enterprise, Member
from bot.rules.plans import Plan, PlanKind
from bot.rules.pools import Pool
from bot.smarthub.addresses import name, shorten
from bot.smarthub.contract import Contract
from bot.smarthub.wire import Row, count, price, read_time, text


def read_account(value: object, contract: Contract) -> Account:
    """One account from SmartHub's object. Raises ProviderError, naming the key, for a type we do not expect.

    https://apidoc-en.smh.smarthing.com, "Get account": the one answer that is documented whole.
    """
    row = Row(value, "account", contract)
    charge, charge_word = row.word("charge", "charge", Charge)
    return Account(
        name=row.need("name", text),
        charge=charge,
        charge_word=charge_word,
        status=row.read("status", text),
        renewal=row.read("renewal", text),
        cycle=row.read("cycle", text),
        plans=tuple(map(text, row.many("plans"))),
        skus=tuple(map(text, row.many("skus"))),
        raw=row.value,
    )


def read_enterprise(value: object, contract: Contract) -> Enterprise:
    """The enterprise with the accounts below it. Raises ProviderError, naming the key."""
    row = Row(value, "enterprise", contract)
    members = tuple(_member(account, contract) for account in row.many("accounts"))
    return Enterprise(name=row.read("name", text), accounts=members, raw=row.value)


def _member(value: object, contract: Contract) -> Member:
    row = Row(value, "member", contract)
    charge, charge_word = row.word("charge", "charge", Charge)
    return Member(
        name=row.need("name", text),
        charge=charge,
        charge_word=charge_word,
        status=row.read("status", text),
        sim_count=row.read("sim_count", count),
    )


def read_plan(value: object, contract: Contract) -> Plan:
    """One rate plan. Raises ProviderError, naming the key; a price that is no decimal text is not guessed at."""
    row = Row(value, "plan", contract)
    kind, kind_word = row.word("kind", "plan_kind", PlanKind)
    charge, charge_word = row.word("charge", "charge", Charge)
    return Plan(
        name=row.need("name", text),
        kind=kind,
        kind_word=kind_word,
        charge=charge,
        charge_word=charge_word,
        data_bytes=row.read("data_bytes", count),
        sms_count=row.read("sms_count", count),
        validity_days=row.read("validity_days", count),
        price=row.read("price", price),
        currency=row.read("currency", text),
        raw=row.value,
    )


def read_pool(value: object, contract: Contract) -> Pool:
    """One shared pool. Raises ProviderError, naming the key."""
    row = Row(value, "pool", contract)
    return Pool(
        name=row.need("name", text),
        plan=row.read("plan", text),
        total_bytes=row.read("total_bytes", count),
        used_bytes=row.read("used_bytes", count),
        sim_count=row.read("sim_count", count),
        cycle=row.read("cycle", text),
        expires_at=row.read("expires_at", read_time),
        raw=row.value,
    )


def write_country_filters(*, account: str | None, cycle: str | None) -> Mapping[str, str | None]:
    """What the traffic by country is asked for. Raises BadInput for a cycle that is not written like 2026-11."""
    if cycle is not None and not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", cycle):
        raise BadInput(f"“{shorten(cycle, 40)}” is not a billing cycle: write year and month, like 2026-11.")
    return {"account": None if account is None else name(account), "cycle": cycle}


def read_country(value: object, contract: Contract) -> Country:
    """Traffic and SIMs of one country. Raises ProviderError, naming the key."""
    row = Row(value, "country", contract)
    return Country(
        code=row.need("code", text),
        traffic_bytes=row.read("traffic_bytes", count),
        sim_count=row.read("sim_count", count),
        raw=row.value,
    )
