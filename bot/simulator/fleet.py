"""A fleet of SIMs that looks real and is made up, SIM by SIM, from nothing but its number; a million cost nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from zlib import crc32

from bot.rules.sims import luhn_digit, luhn_holds

MB = 1_000_000
GB = 1_000 * MB


@dataclass(frozen=True)
class Plan:
    """A basic rate plan of the made-up provider. `data_bytes` a cycle."""

    name: str
    data_bytes: int
    pool: str | None = None


@dataclass(frozen=True)
class Account:
    """A made-up customer account; `charge` and `renews` in SmartHub's words."""

    name: str
    charge: str
    plans: tuple[str, ...]
    renews: str | None = None
    sku: str = "IoT Global 4FF"


@dataclass(frozen=True)
class Network:
    """Where numbers come from: an ICCID prefix of 6 digits, an IMSI one of 5, and an MSISDN one."""

    iccid: str
    imsi: str
    msisdn: str


PLANS: tuple[Plan, ...] = (
    Plan("iot-100", 100 * MB),
    Plan("iot-500", 500 * MB),
    Plan("iot-1g", 1 * GB),
    Plan("pool-5g-eu", 5 * GB, pool="acme-eu"),
    Plan("prepaid-1y-2g", 2 * GB),
    Plan("trial-50", 50 * MB),
    Plan("物联网年包-1G", 1 * GB),
)
ACCOUNTS: tuple[Account, ...] = (
    Account("acme", "CHARGE", ("iot-100", "iot-500", "pool-5g-eu")),
    Account("nordwind-logistics", "PREPAID", ("prepaid-1y-2g", "iot-1g"), renews="AUTO", sku="IoT Global MFF2"),
    Account("lab-trial", "EXPERIENCE", ("trial-50",)),
    Account("深圳智联账户", "PREPAID", ("物联网年包-1G",), renews="DISABLE_CARD", sku="物联网卡 4FF"),
)
NETWORKS: tuple[Network, ...] = (
    Network("894921", "26203", "4915"),
    Network("898604", "46004", "8614"),
    Network("894902", "26201", "4917"),
)
PLACES: tuple[tuple[str, str], ...] = (
    ("Berlin", "DE"), ("Hamburg", "DE"), ("Lyon", "FR"), ("Rotterdam", "NL"), ("Wien", "AT"), ("Milano", "IT"),
    ("Gdańsk", "PL"), ("Shenzhen", "CN"), ("Zürich", "CH"), ("Malmö", "SE"),
)  # fmt: skip
THINGS = ("meter", "tracker", "pump", "charger", "camera", "gateway", "e-bike")
# Mostly at work, some on the shelf, a few suspended, fewer retired.
STATUSES = ("ACTIVATED",) * 14 + ("DEACTIVATED",) * 2 + ("INVENTORY", "TEST_READY", "ACTIVATION_READY", "RETIRED")
TACS = ("35693803", "86412305", "35209900", "86723604")
# What kind of SIM it is comes again after so many SIMs, so that those of a kind can be found in a fleet of any size.
REPEATS_AFTER = 10_000
KINDS = ("status", "accountName", "servicePackage")
FRESH = frozenset({"INVENTORY", "TEST_READY", "ACTIVATION_READY"})


class Fleet:
    """`count` SIMs, numbered from 0. What is made up about SIM n is the same in every run that has the same `start`."""

    def __init__(self, count: int, now: Callable[[], datetime]) -> None:
        self.count = count
        self._now = now
        self.start = now()  # expiries hang on this one, so that they come nearer as time passes

    def giccid(self, n: int) -> str:
        """The number of SIM n: 19 digits, the last one the check digit."""
        return _giccid(n)

    def number(self, giccid: str) -> int | None:
        """Which SIM has this number; `None` when none of ours does."""
        if len(giccid) != 19 or not (giccid.isascii() and giccid.isdecimal()) or not luhn_holds(giccid):
            return None
        n = int(giccid[8:18])
        return n if n < self.count and self.giccid(n) == giccid else None

    def number_by(self, key: str, value: str) -> int | None:
        """Which SIM was made with this `iccid`, `imsi`, `msisdn` or `imei`."""
        if not (value.isascii() and value.isdecimal()):
            return None
        if key == "iccid":
            return self.number(value)
        n = _imei_number(value) if key == "imei" else int(value[-9:])
        return n if n is not None and n < self.count and self.sim(n)[key] == value else None

    def status(self, n: int) -> str:
        """The status SIM n starts with, in SmartHub's word."""
        return _kind(n % REPEATS_AFTER)[0]

    def account(self, n: int) -> Account:
        """Whose SIM n is."""
        return _kind(n % REPEATS_AFTER)[1]

    def plan(self, n: int) -> Plan:
        """The rate plan SIM n starts with."""
        return _kind(n % REPEATS_AFTER)[2]

    @cached_property
    def kinds(self) -> tuple[tuple[str, str, str], ...]:
        """Status, account and plan of each SIM until they come again, in the order of KINDS."""
        made = (_kind(n) for n in range(min(self.count, REPEATS_AFTER)))
        return tuple((status, account.name, plan.name) for status, account, plan in made)

    def sim(self, n: int) -> dict[str, object]:
        """SIM n as SmartHub would describe it, before anybody changed it."""
        network, account, plan, status = NETWORKS[n % len(NETWORKS)], self.account(n), self.plan(n), self.status(n)
        city, country = PLACES[n % len(PLACES)]
        giccid, fresh = self.giccid(n), status in FRESH
        activated = None if fresh else self.start - timedelta(days=30 + _mix(n, "activated") % 700)
        return {
            "giccid": giccid,
            "iccid": giccid,
            "imsi": f"{network.imsi}{n:010d}",
            "msisdn": f"{network.msisdn}{n:09d}",
            "imei": None if fresh else _imei(n),
            "status": status,
            "accountName": account.name,
            "simSku": account.sku,
            "servicePackage": plan.name,
            "servicePackageExpireTime": _or_none(self._expiry(n, account)),
            "supplementaryServicePackages": self._addons(n),
            "sharePool": plan.pool,
            "activatedTime": _or_none(activated),
            "cycleName": self.cycle(),
            "cycleUsageBytes": 0 if fresh else int(plan.data_bytes * self._fraction(n)),
            "cycleQuotaBytes": plan.data_bytes,
            "cycleSmsCount": 0 if fresh else _mix(n, "sms") % 6,
            "apns": [{"apn": "iot.smarthub", "status": "ENABLED"}],
            "countryCode": None if fresh else country,
            "lastSessionTime": _or_none(self._last_session(n, status)),
            "custom1": f"{city} {THINGS[_mix(n, 'thing') % len(THINGS)]} {n + 1:03d}",
            "custom2": f"{country}-{_mix(n, 'site') % 90 + 10}",
            "custom3": None,
            "custom4": None,
            "custom5": None,
        }

    def cycle(self) -> str:
        """The billing cycle of this moment, like `2026-11`."""
        now = self._now()
        return f"{now.year}-{now.month:02d}"

    def _fraction(self, n: int) -> float:
        """How much of its quota a SIM has used: 5 to 70 % in the cycle we start in, 1 to 30 % in later ones."""
        cycle = self.cycle()
        part = _mix(n, cycle) % 1000 / 1000
        first = cycle == f"{self.start.year}-{self.start.month:02d}"
        return 0.05 + 0.65 * part if first else 0.01 + 0.29 * part

    def _expiry(self, n: int, account: Account) -> datetime | None:
        if account.charge == "CHARGE":
            return None
        return (self.start + timedelta(days=61 + _mix(n, "expiry") % 300)).replace(hour=23, minute=59, second=59)

    def _last_session(self, n: int, status: str) -> datetime | None:
        if status in FRESH:
            return None
        if status == "ACTIVATED":
            return self._now() - timedelta(seconds=30 + _mix(n, "session") % 7200)
        return self.start - timedelta(days=2 + _mix(n, "session") % 200)

    def _addons(self, n: int) -> list[dict[str, object]]:
        if _mix(n, "addon") % 12 or self.status(n) in FRESH:
            return []
        expires = self.start + timedelta(days=61 + _mix(n, "addon expiry") % 60)
        used = int(100 * MB * self._fraction(n))
        return [{"name": "addon-100", "totalBytes": 100 * MB, "usedBytes": used, "expireTime": written(expires)}]


def plan_called(name: str) -> Plan:
    """The plan of that name; KeyError where the provider has none."""
    return _BY_NAME[name]


_BY_NAME = {plan.name: plan for plan in PLANS}


def written(moment: datetime) -> str:
    """A time as SmartHub writes it."""
    return moment.astimezone(UTC).isoformat()[:19] + "+0000"


def _or_none(moment: datetime | None) -> str | None:
    return None if moment is None else written(moment)


@lru_cache(REPEATS_AFTER)
def _kind(n: int) -> tuple[str, Account, Plan]:
    """What kind of SIM it is: its status, whose it is, and its plan."""
    status = STATUSES[0] if n == 0 else STATUSES[_mix(n, "status") % len(STATUSES)]
    account = ACCOUNTS[(0, 0, 0, 0, 1, 1, 1, 2, 3, 3)[_mix(n, "account") % 10]]
    return status, account, plan_called(account.plans[_mix(n, "plan") % len(account.plans)])


@lru_cache(10_000)
def _giccid(n: int) -> str:
    bare = f"{NETWORKS[n % len(NETWORKS)].iccid}26{n:010d}"
    return bare + luhn_digit(bare)


@lru_cache(10_000)
def _imei(n: int) -> str:
    """A device number of 15 digits, with a valid check digit, in which n can be found again."""
    bare = f"{int(TACS[n % len(TACS)]) + n // 1_000_000:08d}{n % 1_000_000:06d}"
    return bare + luhn_digit(bare)


def _imei_number(imei: str) -> int | None:
    if len(imei) != 15:
        return None
    millions = (int(imei[:8]) - int(tac) for tac in TACS)
    numbers = (m * 1_000_000 + int(imei[8:14]) for m in millions if m >= 0)
    return next((n for n in numbers if _imei(n) == imei), None)


def _mix(n: int, what: str) -> int:
    """A number that looks like chance and is always the same."""
    return crc32(f"{n}/{what}".encode())
