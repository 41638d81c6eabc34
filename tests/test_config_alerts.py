"""Rules for alerts in config.toml: what is wrong with one is said with the path of its key."""

from __future__ import annotations

from typing import Any

import pytest

from bot.config import Config
from bot.config.alerts import rules_of
from bot.errors import ConfigError
from bot.rules.alerts import About, Kind
from tests.talk import ENVIRON

QUOTA = {"name": "full", "kind": "quota", "percent": [80, 95]}
TABLE = {
    "slack": {"approvals_channel": "C1", "alerts_channel": "C2"},
    "smarthub": {"base_url": "https://acme.smh.example/v1"},
    "roles": {"approvers": ["U1"]},
}


def load(*rules: dict[str, Any]) -> Config:
    """A configuration with these rules."""
    return Config.of(TABLE | {"alerts": {"rules": list(rules)}}, ENVIRON)


def test_a_rule_as_it_is_written():
    """What is written arrives as the rules know it; without any, one for quotas and one for expiries hold."""
    [one] = rules_of(load({"name": "big", "kind": "quota", "of": "pool", "bytes": ["1 GB", "500 MB"]}).alerts)
    assert (one.kind, one.about, one.limits) == (Kind.BYTES, About.POOL, (500_000_000, 1_000_000_000))
    addons = {"name": "addons", "kind": "expiry", "of": "package", "days": [3, 30], "custom1": ["x"]}
    [two] = rules_of(load(addons).alerts)
    assert (two.kind, two.about, two.limits, two.scope.custom) == (Kind.ADDON, About.SIM, (3, 30), ((1, ("x",)),))
    assert [(r.name, r.limits) for r in rules_of(load().alerts)] == [
        ("quota", (80, 95, 100)),
        ("expiry", (30, 14, 7, 3, 1)),
    ]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"percnt": [80]}, "alerts.rules[1].percnt is not a setting: did you mean alerts.rules[1].percent?"),
        ({"percent": [0]}, "alerts.rules[1].percent (entry 1) = 0: write a whole number of percent from 1 to 200"),
        ({"percent": [300]}, "alerts.rules[1].percent (entry 1) = 300: write a whole number of percent from 1 to 200"),
        ({"percent": []}, "alerts.rules[1].percent = []: write something into this list"),
        ({"bytes": ["5 apples"]}, "alerts.rules[1].bytes (entry 1)"),
        ({"hours": "08:00-18:00 Europe/Atlantis"}, "alerts.rules[1].hours"),
        ({"kind": "quotum"}, "alerts.rules[1].kind"),
        ({"days": [3]}, "alerts.rules[1].days: a rule of the kind “quota” has no such setting"),
        ({"bytes": ["5 GB"]}, "alerts.rules[1].bytes: write percent or bytes, not both"),
        ({"percent": None}, "alerts.rules[1].percent is missing: a rule of the kind “quota” needs percent or bytes"),
        ({"of": "account", "custom1": ["x"]}, "alerts.rules[1].custom1: of = “account” has no such thing"),
        ({"kind": "idle", "percent": None, "days": [3], "of": "pool"}, "alerts.rules[1].of = “pool”"),
        (
            {"kind": "expiry", "percent": None, "days": [3], "of": "account"},
            "alerts.rules[1].of = “account”: SmartHub tells no end of an account; a rule of the kind “expiry” can be",
        ),
        ({"of": "package"}, "alerts.rules[1].of = “package”: a rule of the kind “quota” can be about “sim” or “pool”"),
        ({"countries": ["Germany"]}, "alerts.rules[1].countries = “Germany”: write countries by their two letters"),
        ({"kind": "country", "percent": None, "allowed": ["DE", "D1"]}, "alerts.rules[1].allowed = “D1”: write"),
        ({"bytes": ["0 GB"], "percent": None}, 'alerts.rules[1].bytes (entry 1) = "0 GB": write an amount of data'),
        ({"name": ""}, "alerts.rules[1].name"),
        ({"severity": "fatal"}, "alerts.rules[1].severity"),
        ({"channel": "#alerts"}, "alerts.rules[1].channel"),
    ],
)
def test_a_rule_that_is_wrong_is_refused_at_the_start(rule: dict[str, Any], said: str):
    """Whatever is wrong with a rule is said with the path of its key, and nothing starts."""
    written = {key: value for key, value in (QUOTA | rule).items() if value is not None}
    with pytest.raises(ConfigError) as refused:
        load(written)
    assert any(said in mistake for mistake in refused.value.mistakes), refused.value.mistakes


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"alerts": {"quota_percent": [0]}}, "alerts.quota_percent (entry 1) = 0: write a whole number of percent"),
        ({"alerts": {"quota_percent": [300]}}, "alerts.quota_percent (entry 1) = 300: write a whole number"),
        ({"alerts": {"quota_procent": [80]}}, "alerts.quota_procent is not a setting: did you mean"),
        ({"alerts": {"expiry_days": [0]}}, "alerts.expiry_days (entry 1) = 0"),
        ({"reports": [{"period": "day", "channel": "C1", "at": "08:00 Europe/Atlantis"}]}, "reports[1].at ="),
        ({"reports": [{"period": "day", "channel": "C1", "time": "08:00"}]}, "reports[1].time is not a setting"),
        ({"reports": [{"period": "year", "channel": "C1"}]}, 'reports[1].period = "year": write'),
    ],
)
def test_what_is_wrong_beside_the_rules(table: dict[str, Any], said: str):
    """Limits, unknown settings and time zones are refused with the path of their key, for reports as well."""
    with pytest.raises(ConfigError) as refused:
        Config.of(TABLE | table, ENVIRON)
    assert any(said in mistake for mistake in refused.value.mistakes), refused.value.mistakes


def test_two_rules_of_one_name():
    """A name is given once: alerts are kept under it."""
    with pytest.raises(ConfigError, match=r"alerts\.rules\[1\] is called so already"):
        load(QUOTA, QUOTA | {"name": "FULL"})
