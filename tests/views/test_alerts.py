"""An alert's card says what was found and what was done about it, with the buttons that still make sense."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import strategies as st

from bot.rules.alert_rules import Rule, Scope
from bot.rules.alerts import About, Alert, Announcement, Finding, Kind, Severity, State
from bot.views import alerts as view
from tests.views.drawn import (
    COUNT,
    GICCID,
    IDS,
    MAYBE,
    NOW,
    TEXT,
    TIMES,
    buttons,
    known_to_the_sdk,
    sound,
    words,
)

QUOTA = Finding(GICCID, "Pump 7", "acme", "iot-100", Kind.QUOTA, 80, "2026-11", value=83_000_000, whole=100_000_000)
EXPIRY = Finding(GICCID, "Pump 7", "acme", "iot-100", Kind.EXPIRY, 7, "2026-11-29", expires_at=NOW + timedelta(days=7))
ALERT = Alert(id=3, finding=QUOTA, raised_at=NOW)
CHANGES = {"Suspend…": "alert.suspend", "Change the plan…": "alert.plan"}
ACKNOWLEDGE = {"Acknowledge": "alert.acknowledge", **CHANGES}
SNOOZE = {"Snooze 1 d": "alert.snooze", "Until it gets worse": "alert.hush", **CHANGES}


@pytest.mark.parametrize(
    ("state", "said", "offered"),
    [
        (State.OPEN, "Open", {**ACKNOWLEDGE, **SNOOZE}),
        (State.ACKNOWLEDGED, "Acknowledged by <@U2> 2026-11-22 09:30 UTC", SNOOZE),
        (State.SNOOZED, "Snoozed by <@U2> until 2026-11-23 09:30 UTC or until it gets worse", ACKNOWLEDGE),
        (State.WORSENED, "It got worse: see the newer alert for this SIM", {}),
        (State.CLEARED, "Cleared: it no longer holds 2026-11-22 09:30 UTC", {}),
    ],
)
@pytest.mark.parametrize("found", [QUOTA, EXPIRY], ids=["quota", "expiry"])
def test_every_state_has_its_card(found: Finding, state: State, said: str, offered: dict[str, str]):
    """In each state the card and its fallback say where it stands, with the buttons that work then."""
    alert = replace(ALERT, finding=found, state=state, by="U2", at=NOW, until=NOW + timedelta(days=1))
    card = view.card(alert, snooze_for="1 d")

    assert card.text.startswith(f"{view.title(found)}: Pump 7. {said}.\nSIM  Pump 7  ")
    assert "\nRaised  2026-11-22 " in card.text
    assert buttons(card.blocks) == offered
    sound(card, people=["U2"])
    known_to_the_sdk(card)


def test_a_sim_that_is_gone():
    """The card of an alert that went with its SIM says so, and offers nothing; the file says it in a word."""
    alert = replace(ALERT, state=State.CLEARED, at=NOW, gone=True)
    card = view.card(alert, snooze_for="1 d")

    assert "Cleared: SmartHub does not list this SIM any more 2026-11-22 09:30 UTC" in card.text
    assert buttons(card.blocks) == {}
    assert view.sheet_row(alert)[1] == "gone: not listed by SmartHub"


@pytest.mark.parametrize(
    ("found", "title", "mark"),
    [
        (QUOTA, "80 % of the quota used", "🟡"),
        (replace(QUOTA, threshold=100), "100 % of the quota used", "🔴"),
        (EXPIRY, "Rate plan expires within 7 days", "🟡"),
        (replace(EXPIRY, threshold=1), "Rate plan expires within 1 day", "🔴"),
        (replace(EXPIRY, threshold=0), "Rate plan has expired", "🔴"),
    ],
)
def test_what_was_found_in_words(found: Finding, title: str, mark: str):
    """Each limit has its words, and a mark that says how grave it is; what is over has another."""
    card = view.card(replace(ALERT, finding=found), snooze_for="1 d")
    over = view.card(replace(ALERT, finding=found, state=State.CLEARED), snooze_for="1 d")

    assert words(card).startswith(f"{mark} {title}: Pump 7")
    assert words(over).startswith(f"✅ {title}: Pump 7")


def test_the_figures_are_on_the_card():
    """Used, allowed and share for a quota; the plan and its end for an expiry."""
    assert "83.0 MB of 100.0 MB, 83 %" in words(view.card(ALERT, snooze_for="1 d"))
    assert "iot-100, until " in words(view.card(replace(ALERT, finding=EXPIRY), snooze_for="1 d"))


def test_the_list():
    """The list has a row for each alert and says when was looked last; without any it says so."""
    listed = view.listing([ALERT, replace(ALERT, id=4, finding=EXPIRY)], checked_at=NOW)

    assert listed.text.startswith("2 alerts are open.\n80 % of the quota used  Pump 7  ")
    assert "80 % of the quota used" in words(listed)
    assert "Rate plan expires within 7 days" in words(listed)
    assert "Last check: " in words(listed)
    assert "No check has run yet." in words(view.listing([], checked_at=None))
    assert view.listing([], checked_at=None).text == "No alert is open. No check has run yet."


def test_the_end_of_a_snooze():
    """When a snooze ends the message says that it still holds, and for which SIM."""
    said = "Snooze is over and it still holds: 80 % of the quota used, Pump 7."
    assert view.snooze_over(ALERT).text == said
    sound(view.snooze_over(ALERT))


FINDINGS = st.builds(
    Finding,
    giccid=TEXT,
    label=TEXT,
    account=MAYBE,
    plan=MAYBE,
    kind=st.sampled_from(list(Kind)),
    threshold=st.sampled_from([0, 1, 7, 80, 100, 10**6]),
    cycle=TEXT,
    value=st.one_of(st.none(), COUNT),
    whole=st.one_of(st.none(), COUNT),
    expires_at=st.one_of(st.none(), TIMES),
    detail=MAYBE,
    rule=TEXT,
    about=st.sampled_from(list(About)),
    severity=st.one_of(st.none(), st.sampled_from(list(Severity))),
)
RULES = st.builds(
    Rule,
    name=TEXT,
    kind=st.sampled_from(list(Kind)),
    limits=st.lists(COUNT, max_size=4).map(tuple),
    about=st.sampled_from(list(About)),
    allowed=st.lists(TEXT, max_size=4).map(tuple),
    scope=st.builds(Scope, accounts=st.lists(TEXT, max_size=3).map(tuple)),
)
ANNOUNCEMENTS = st.builds(
    Announcement, id=IDS, rule=TEXT, account=MAYBE, channel=st.just("C1"), made_at=TIMES, size=COUNT, renewal=MAYBE
)
STANDING = st.dictionaries(st.sampled_from(list(State)), COUNT)
TOGETHER = Announcement(id=4, rule="quota", account="acme", channel="C1", made_at=NOW, size=3)
ALERTS = st.builds(
    Alert,
    id=IDS,
    finding=FINDINGS,
    raised_at=TIMES,
    state=st.sampled_from(list(State)),
    by=st.sampled_from([None, "U2"]),
    at=st.one_of(st.none(), TIMES),
    until=st.one_of(st.none(), TIMES),
)


@pytest.mark.parametrize("label", ["x" * 10_000, "&" * 10_000, "a\n" * 5_000])
def test_the_longest_list_with_the_longest_labels(label: str):
    """Fifty alerts whose labels never end are still one message."""
    sound(view.listing([replace(ALERT, id=n, finding=replace(QUOTA, label=label)) for n in range(50)], checked_at=NOW))


def test_alerts_together_are_one_card():
    """The card says how many there are of what, where they stand, and offers what can be done for all of them."""
    alerts = [replace(ALERT, id=n, finding=replace(QUOTA, label=f"Pump {n}")) for n in range(3)]
    card = view.digest(TOGETHER, alerts, {State.OPEN: 2, State.CLEARED: 1}, snooze_for="1 d")

    assert words(card).startswith("🟡 3 SIMs of acme: quota nearly used")
    assert "\nNow  2 open, 1 over\n" in card.text
    assert "Pump 2: 80 % of the quota used" in card.text
    assert list(buttons(card.blocks)) == [
        "Acknowledge", "Snooze 1 d", "Until it gets worse", "Suspend…", "Change the plan…", "CSV",
    ]  # fmt: skip
    over = view.digest(TOGETHER, alerts, {State.CLEARED: 3}, snooze_for="1 d")
    assert words(over).startswith("✅ 3 SIMs")
    assert list(buttons(over.blocks)) == ["CSV"]
    sound(card)


def test_an_expiry_that_switches_off_is_graver():
    """A package at whose end the SIM goes off is critical at any distance, and the card says what will happen."""
    soon = replace(ALERT, finding=EXPIRY)
    off, on = (view.card(soon, snooze_for="1 d", renewal=word) for word in ("DISABLE_CARD", "AUTO"))

    assert words(off).startswith("🔴")
    assert "the SIM is switched off when it ends" in words(off)
    assert words(on).startswith("🟡")
    assert "it is renewed by itself" in words(on)


def test_nothing_is_said_twice():
    """The card of an account names it once beside its headline, and what is said of a rate plan does not repeat it."""
    account = Finding("acme", "acme", "acme", None, Kind.QUOTA, 80, "2026-11", value=8, whole=10, about=About.ACCOUNT)
    plan = Finding(GICCID, "Pump 7", "acme", "pool-5g", Kind.PLAN, 1, "pool-5g", detail="pool-5g")

    assert words(view.card(Alert(1, account, NOW), snooze_for="1 d")).count("Account") == 1
    listed = view.digest(TOGETHER, [Alert(2, plan, NOW)], {State.OPEN: 1}, snooze_for="1 d")
    assert "On pool-5g, which is not allowed;" not in words(listed)
    assert "On pool-5g, which is not allowed" in words(listed)
    assert words(view.card(Alert(2, plan, NOW), snooze_for="1 d")).count("pool-5g") == 1


def test_a_rule_in_words():
    """A rule is said with its limits, whom it is for and when it is told."""
    rule = Rule("idle", Kind.QUOTA, (80, 95), scope=Scope(accounts=("acme", "b"), custom=((2, ("x",)),)))
    assert view.rule_in_words(rule) == "quota nearly used (sim) 80 %, 95 % for account acme or b, custom2 x"
    assert "500.0 MB" in view.rule_in_words(Rule("big", Kind.BYTES, (500_000_000,)))
    assert view.rule_in_words(Rule("ends", Kind.EXPIRY, (1, 7))) == "rate plan expires (sim) 1 day, 7 days"
    assert view.rule_in_words(Rule("ends", Kind.EXPIRY, (7,), about=About.POOL)) == "pool expires (pool) 7 days"
