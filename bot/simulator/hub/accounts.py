"""The accounts of the simulator's SmartHub, with their plans, pools and traffic, added up from the SIMs. No I/O.

Where there are more SIMs than `ADDED_UP`, traffic is that of the first so many and as much for each of the others.
"""

from __future__ import annotations

from typing import cast

from bot.simulator.fleet import ACCOUNTS, PLANS
from bot.simulator.hub.lists import Made
from bot.simulator.hub.world import ADDONS, Refused, Row, World

ADDED_UP = 2000


class Accounts:
    """The accounts of a world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._fleet = world.fleet

    def enterprise(self) -> Row:
        """The enterprise and its accounts with their numbers of SIMs."""
        return {
            "name": "Example Devices",
            "accounts": [
                {"name": a.name, "chargeType": a.charge, "status": "ENABLED", "simCount": self._made(a.name).total}
                for a in ACCOUNTS
            ],
        }

    def account(self, name: str) -> Row:
        """One account, as documented. Raises Refused."""
        found = next((a for a in ACCOUNTS if a.name == name), None)
        if found is None:
            raise Refused("missing", "name", "account")
        return {
            "name": found.name,
            "chargeType": found.charge,
            "status": "ENABLED",
            "prepaidRenewType": found.renews,
            "currentCycleName": self._fleet.cycle(),
            "servicePackages": list(found.plans),
            "simSkus": [found.sku],
        }

    def plans(self, account: str) -> list[Row]:
        """The rate plans of an account, then the addons anybody may order. Raises Refused."""
        charge, names = self.account(account)["chargeType"], cast(list[str], self.account(account)["servicePackages"])
        year = None if charge == "CHARGE" else 365
        basic = [_plan("BASIC", p.name, charge, p.data_bytes, year) for p in PLANS if p.name in names]
        return basic + [_plan("SUPPLEMENTARY", name, charge, size, 30) for name, size in ADDONS.items()]

    def pools(self, account: str) -> list[Row]:
        """The data pools of an account, added up from its SIMs. Raises Refused."""
        pools: dict[str, Row] = {}
        names = {str(plan["name"]) for plan in self.plans(account)}
        for plan in (p for p in PLANS if p.pool is not None and p.name in names):
            made = self._made(account, plan.name)
            sample = self._sample(made)
            pools[str(plan.pool)] = {
                "name": plan.pool,
                "servicePackage": plan.name,
                "totalBytes": plan.data_bytes * made.total,
                "usedBytes": _scaled(sum(cast(int, sim["cycleUsageBytes"]) for sim in sample), sample, made),
                "simCount": made.total,
                "cycleName": self._fleet.cycle(),
                "expireTime": None,
            }
        return list(pools.values())

    def countries(self, account: str | None) -> list[Row]:
        """Traffic and SIMs by country, of one account or of all. Raises Refused for an account there is not."""
        if account is not None:
            self.account(account)
        rows: dict[str, list[int]] = {}
        made = self._made(account)
        sample = self._sample(made)
        for sim in sample:
            if sim["countryCode"] is not None:
                rows.setdefault(str(sim["countryCode"]), []).append(cast(int, sim["cycleUsageBytes"]))
        return [
            {
                "countryCode": country,
                "trafficBytes": _scaled(sum(usages), sample, made),
                "simCount": _scaled(len(usages), sample, made),
            }
            for country, usages in sorted(rows.items())
        ]

    def _made(self, account: str | None, plan: str | None = None) -> Made:
        wanted = {"accountName": account, "servicePackage": plan}
        return Made(self._fleet, {key: name for key, name in wanted.items() if name is not None})

    def _sample(self, made: Made) -> list[Row]:
        numbers = map(made.nth, range(min(made.total, ADDED_UP)))
        return [self._world.seen(n, self._fleet.giccid(n)) for n in numbers]


def _scaled(amount: int, sample: list[Row], made: Made) -> int:
    """What the sample comes to, for all SIMs it was taken of."""
    return amount * made.total // len(sample) if sample else 0


def _plan(kind: str, name: str, charge: object, data_bytes: int, days: int | None) -> Row:
    return {
        "name": name,
        "type": kind,
        "chargeType": charge,
        "dataBytes": data_bytes,
        "smsCount": 50 if kind == "BASIC" else None,
        "validityDays": days,
        "price": f"{data_bytes / 100_000_000:.2f}",
        "currency": "EUR",
    }
