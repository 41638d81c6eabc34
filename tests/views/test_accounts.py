"""The enterprise, its accounts, their pools, plans and traffic: every figure with its unit, whatever the names hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import Any

from hypothesis import strategies as st

from bot.rules.accounts import Account, Charge, Country, Enterprise, Member
from bot.rules.plans import Plan, PlanKind
from bot.rules.pools import Pool
from bot.views import accounts as view
from bot.views import countries, plans, pools
from bot.views.parts import Message, Units
from tests.views.drawn import COUNT, MAYBE, NOW, TEXT, TIMES, sound, words

PREPAID = Account(
    "深圳智联账户", Charge.PREPAID, "PREPAID", "ENABLED", "DISABLE_CARD", "2026-11", ("物联网年包-1G",),
    ("物联网卡 4FF",),
)  # fmt: skip
POSTPAID = Account("acme", Charge.POSTPAID, "CHARGE", "ENABLED", None, "2026-11", ("iot-100", "iot-500"), ("4FF",))
MEMBERS = (
    Member("深圳智联账户", Charge.PREPAID, "PREPAID", "ENABLED", 12),
    Member("acme", Charge.POSTPAID, "CHARGE", "ENABLED", 1200),
    Member("odd", None, "BARTER", "FROZEN", 1),
)
ENTERPRISE = Enterprise("Example Devices", MEMBERS)
POOLS = (
    ("acme", Pool("acme-eu", "pool-5g-eu", 5 * 10**9, 4_999_999_999, 7, "2026-11")),
    ("acme", Pool("acme-us", None, 10**9, 10**8, None, None, NOW)),
    ("lab", Pool("unsized", used_bytes=5)),
)
PLANS = (
    Plan("addon-100", PlanKind.ADDON, charge=Charge.PREPAID, data_bytes=10**8, validity_days=1, price=Decimal("1.00")),
    Plan("iot-500", PlanKind.BASIC, charge=Charge.POSTPAID, data_bytes=5 * 10**8, sms_count=1000, validity_days=365,
         price=Decimal("0.00000001"), currency="EUR"),
    Plan("odd", None, "BONUS", None, "BARTER"),
)  # fmt: skip
COUNTRIES = tuple(Country(code, 10**9 - n, n) for n, code in enumerate(("DE", "FR", "PL", "AT", "CH", "SE", "IT")))


@cache
def messages() -> dict[str, Message]:
    """Each of these messages, filled and empty."""
    failures = [("lab", "SmartHub is not working right now (503).")] * 12
    known = {"acme": POSTPAID, "深圳智联账户": PREPAID}
    odd = Member("odd")
    bare = Plan("odd", None, None, None, None)
    return {
        "account": view.card(PREPAID, read_at=NOW),
        "bare account": view.card(Account("bare"), read_at=NOW),
        "overview": view.overview(ENTERPRISE, known=known, failures=failures, read_at=NOW),
        "many accounts": view.overview(Enterprise(None, (odd,) * 130), known={}, failures=[], read_at=NOW),
        "no accounts": view.overview(Enterprise(None), known={}, failures=[], read_at=NOW),
        "pools": pools.listing(POOLS, failures=failures, left_out=1100, read_at=NOW),
        "pools of one": pools.listing(POOLS[:1], account="acme", read_at=NOW),
        "unsized pools": pools.listing(POOLS[2:], account="lab", read_at=NOW),
        "many pools": pools.listing(POOLS * 50, read_at=NOW),
        "no pools": pools.listing([], account="acme", read_at=NOW),
        "plans": plans.listing(PLANS, account="acme", read_at=NOW),
        "many plans": plans.listing((bare,) * 130, account="acme", read_at=NOW),
        "no plans": plans.listing([], account="acme", read_at=NOW),
        "countries": countries.listing(COUNTRIES, cycle="2026-11", account=None, read_at=NOW),
        "countries of one": countries.listing(COUNTRIES[:1], cycle=None, account="acme", read_at=NOW),
        "many countries": countries.listing(COUNTRIES * 20, cycle=None, account=None, read_at=NOW),
        "countries without traffic": countries.listing([Country("DE")], cycle=None, account=None, read_at=NOW),
        "no countries": countries.listing([], cycle="2026-11", account="acme", read_at=NOW),
    }


def drawn() -> Iterator[tuple[Callable[..., Message], Message]]:
    """Each view with what it draws."""
    views = {"pools": pools.listing, "plans": plans.listing, "countries": countries.listing, "account": view.card}
    for title, message in messages().items():
        yield next((v for noun, v in views.items() if noun in title.split()), view.overview), message


def forms(message: Message) -> list[Message]:
    """The message as it is, and as it is where Slack refuses tables and charts."""
    return [message] if message.plain is None else [message, replace(message, blocks=message.plain)]


def block(message: Message, kind: str) -> Mapping[str, Any]:
    """The one block of this kind."""
    [found] = [b for b in message.blocks if b["type"] == kind]
    return found


def test_each_is_sound():
    """Slack takes each of them, in both of its forms, and nobody is pinged."""
    for message in messages().values():
        for form in forms(message):
            sound(form)


def test_both_forms_say_the_same():
    """Where Slack refuses tables and charts, every name and figure of the rows stands there all the same."""
    for title in ("overview", "pools", "plans", "countries"):
        message = messages()[title]
        assert message.plain is not None
        for row in block(message, "data_table")["rows"][1:]:
            for cell in row:
                assert cell["text"] in words(replace(message, blocks=message.plain)), title
                assert cell["text"] in message.text, title


def test_renewal_is_said_as_what_it_means():
    """DISABLE_CARD says that SIMs are switched off, in the card and in the overview; an unknown word stays as it is."""
    assert "a SIM is switched off when its package ends (DISABLE_CARD)" in words(messages()["account"])
    assert "no, the SIM is switched off" in words(messages()["overview"])
    assert "nothing to renew" in words(view.card(POSTPAID, read_at=NOW))
    assert "EACH_MONTH" in words(view.card(replace(PREPAID, renewal="EACH_MONTH"), read_at=NOW))


def test_an_unknown_charge_type_is_shown_as_it_came():
    """SmartHub's own word stands where it is in no table of ours."""
    assert "BARTER" in words(messages()["overview"])
    assert "BARTER" in words(messages()["plans"])


def test_the_overview_counts_and_sorts():
    """The biggest account stands first, and the SIMs are added up only when each number is known."""
    rows = block(messages()["overview"], "data_table")["rows"]

    assert [row[0]["text"] for row in rows[1:]] == ["acme", "深圳智联账户", "odd"]
    assert "3 accounts with 1,213 SIMs" in words(messages()["overview"])
    assert "130 accounts" in words(messages()["many accounts"])
    assert "SIMs." not in messages()["many accounts"].text.splitlines()[0]


def test_what_could_not_be_read_is_named():
    """Each account that failed is named with its reason, the first ten of them, and the rest are counted."""
    said = words(messages()["pools"])

    assert said.count("SmartHub is not working right now (503).") == 10
    assert "2 more accounts could not be read" in said
    assert "1,100 smallest accounts were not asked" in said


def test_a_pool_that_is_nearly_full_is_not_full():
    """A share is rounded down, and what a pool holds is said with units."""
    said = words(messages()["pools of one"])

    assert "1 pool, 5.0 GB of 5.0 GB used, 99 %" in said
    assert "100" not in said


def test_sizes_in_binary_units():
    """With binary units configured the same bytes are GiB."""
    said = words(pools.listing(POOLS[:1], account="acme", read_at=NOW, units=Units(binary=True)))

    assert "4.7 GiB" in said


def test_the_total_is_of_what_is_known():
    """A pool whose size SmartHub does not tell is left out of the total, and that is said."""
    assert "3 pools, 5.1 GB of 6.0 GB used, 84 % in the 2 whose size is known" in words(messages()["pools"])
    assert "1 pool." in messages()["unsized pools"].text


def test_a_price_is_never_rounded():
    """A price is written digit by digit; one without a currency says so."""
    said = words(messages()["plans"])

    assert "0.00000001 EUR" in said
    assert "1.00 (currency unknown)" in said
    assert "1 day" in said
    assert "365 days" in said


def test_basic_plans_stand_first():
    """A basic plan stands above the add-ons, and what is neither is last."""
    rows = block(messages()["plans"], "data_table")["rows"]

    assert [row[0]["text"] for row in rows[1:]] == ["iot-500", "addon-100", "odd"]


def test_the_charts():
    """Pools are drawn as bars in percent, countries as a pie of five and the others."""
    shares = block(messages()["pools"], "data_visualization")["chart"]
    assert shares["series"][0]["data"] == [{"label": "acme-eu", "value": 99.9}, {"label": "acme-us", "value": 10.0}]

    pie = block(messages()["countries"], "data_visualization")["chart"]["segments"]
    assert [part["label"] for part in pie] == [
        "Germany (DE)",
        "France (FR)",
        "Poland (PL)",
        "Austria (AT)",
        "Switzerland (CH)",
        "other",
    ]
    assert "data_visualization" not in {b["type"] for b in messages()["countries without traffic"].blocks}


def test_which_cycle_and_whose():
    """The title says which cycle, or that it is the one SmartHub is in, and whose traffic it is."""
    assert "Traffic by country in 2026-11, all accounts" in words(messages()["countries"])
    assert "Traffic by country in this billing cycle, acme" in words(messages()["countries of one"])
    assert "SmartHub knows of none" in words(messages()["no countries"])


MEMBER = st.builds(Member, TEXT, st.sampled_from([None, *Charge]), MAYBE, MAYBE, st.one_of(st.none(), COUNT))
POOL = st.builds(
    Pool, TEXT, MAYBE, st.one_of(st.none(), COUNT), st.one_of(st.none(), COUNT), st.one_of(st.none(), COUNT), MAYBE,
    st.one_of(st.none(), TIMES),
)  # fmt: skip
