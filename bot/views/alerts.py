"""Alerts of our own: the card of one, or of those found together, the list of those that are open, the rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from bot.rules.alert_rules import Rule
from bot.rules.alerts import ENDING, About, Alert, Announcement, Finding, Kind, Severity, State
from bot.rules.forecasts import LEAST_DAYS, LEAST_PAST
from bot.views.parts import (
    DECIMAL,
    Block,
    Element,
    Message,
    Units,
    actions,
    as_many,
    bar,
    bold,
    button,
    code,
    escape,
    flat,
    header,
    lines,
    moment,
    name,
    one_line,
    percent,
    size,
    spans,
    who,
    whole_lines,
)
from bot.views.tables import Amount, Cell, Column, table, text_table

# What an alert is about, beside the label, in a few words.
WHAT: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.QUOTA: "quota nearly used", Kind.BYTES: "much data used", Kind.EXPIRY: "rate plan expires",
        Kind.ADDON: "add-on expires", Kind.SILENT: "no session", Kind.IDLE: "active, paid for and idle",
        Kind.SPIKE: "jump in usage",
        Kind.COUNTRY: "in a country that is not allowed", Kind.PLAN: "on a rate plan that is not allowed",
        Kind.RUN_OUT: "quota will not last", Kind.TWIN: "one IMEI in several SIMs",
    }
)  # fmt: skip
NOUNS: Mapping[About, str] = MappingProxyType({About.SIM: "SIM", About.POOL: "Pool", About.ACCOUNT: "Account"})
# What SmartHub does when a package ends: https://apidoc-en.smh.smarthing.com
RENEWALS: Mapping[str, str] = MappingProxyType(
    {"DISABLE_CARD": "DISABLE_CARD: the SIM is switched off when it ends", "AUTO": "AUTO: it is renewed by itself"}
)
CUTS_OFF = "DISABLE_CARD"
MARKS: Mapping[Severity, str] = MappingProxyType({Severity.INFO: "🔵", Severity.WARNING: "🟡", Severity.CRITICAL: "🔴"})
MOST_TRIED = 20
UNTIL_WORSE = "Until it gets worse"
GONE = "Cleared: SmartHub does not list this SIM any more"
SHEET = (
    "alert", "state", "giccid", "label", "account", "plan", "what", "used bytes", "allowed bytes", "ends at", "detail",
    "raised at", "acknowledged or snoozed by",
)  # fmt: skip
COLUMNS = (Column("SIM"), Column("Number"), Column("What"), Column("Used", right=True), Column("Stands"))


def card(alert: Alert, *, snooze_for: str, units: Units = DECIMAL, renewal: str | None = None) -> Message:
    """The whole card, drawn from the stored row; `snooze_for` is the length in words that Snooze stands for, `renewal`
    SmartHub's word for what becomes of a package that ends.
    """
    found = alert.finding
    rows = [
        spans(bold(NOUNS[found.about]), f"  {found.label}", *_number(found)),
        *([] if found.about is About.ACCOUNT else [spans(bold("Account"), f"  {found.account or 'unknown'}")]),
        *_figures(found, units),
        *_more(found, renewal),
        spans(bold("Raised"), "  ", moment(alert.raised_at), f"  (#{alert.id})"),
    ]
    status = _status(alert)
    head = title(found, units=units)
    blocks: list[Block] = [header(f"{_mark(alert, renewal)} {head}: {name(found.label)}"), lines(*rows), lines(status)]
    choices = _choices(alert, snooze_for)
    if choices:
        blocks.append(actions("alert", *choices))
    first = f"{escape(head)}: {escape(name(found.label))}. {flat(status)}."
    return Message(text=whole_lines([first, *map(flat, rows)]), blocks=tuple(blocks))


def title(found: Finding, *, units: Units = DECIMAL) -> str:
    """What was found, in a few words."""
    days = f"{found.threshold} day{'' if found.threshold == 1 else 's'}"
    whose = {About.SIM: "Rate plan", About.POOL: "Pool", About.ACCOUNT: "Account"}[found.about]
    match found.kind:
        case Kind.QUOTA:
            of = {About.SIM: "quota", About.POOL: "pool", About.ACCOUNT: "account's quota"}[found.about]
            return f"{found.threshold} % of the {of} used"
        case Kind.BYTES:
            return f"{size(found.threshold, units=units)} used"
        case Kind.EXPIRY:
            return f"{whose} expires within {days}" if found.threshold else f"{whose} has expired"
        case Kind.ADDON:
            return f"Add-on expires within {days}" if found.threshold else "Add-on has expired"
        case Kind.RUN_OUT:
            of = "Pool" if found.about is About.POOL else "Quota"
            return f"{of} runs out within {days}" if found.threshold else f"{of} is used up"
    return _of_the_sim(found, days)


def _of_the_sim(found: Finding, days: str) -> str:
    match found.kind:
        case Kind.SILENT:
            return f"No session for {days}"
        case Kind.IDLE:
            return f"Active, paid for and idle for {days}"
        case Kind.SPIKE:
            return f"{found.threshold} times the usual day used"
        case Kind.COUNTRY:
            return f"In {name(found.cycle)}, which is not allowed"
        case Kind.PLAN:
            return f"On {name(found.cycle)}, which is not allowed"
    return "Its IMEI is in another SIM as well"


def digest(
    found: Announcement,
    alerts: Sequence[Alert],
    standing: Mapping[State, int],
    *,
    snooze_for: str,
    units: Units = DECIMAL,
) -> Message:
    """The card of alerts that were announced together: `alerts` are the first of them, `standing` counts all."""
    first = alerts[0].finding
    noun = {About.SIM: "SIMs", About.POOL: "pools", About.ACCOUNT: "accounts"}[first.about]
    head = f"{_worst(alerts, standing, found)} {found.size:,} {noun} of {name(found.account or 'no account')}: "
    head += WHAT[first.kind]
    rows = [
        spans(bold("Rule"), f"  {name(found.rule)}"),
        *_renewal(first, found.renewal),
        spans(bold("Raised"), "  ", moment(found.made_at), f"  (card {found.id})"),
        _standing(alerts, standing),
    ]
    cells = [_cells(alert, units) for alert in alerts]
    top = (header(head), lines(*rows))
    below = _choices_for_all(found, standing, snooze_for, sims=first.about is About.SIM)
    listed = [f"{escape(name(a.finding.label))}: {escape(title(a.finding, units=units))}" for a in alerts[:10]]
    return Message(
        text=whole_lines([f"{escape(head)}.", *map(flat, rows), *listed]),
        blocks=(*top, table(f"{found.size:,} {noun}", COLUMNS, cells), *below),
        plain=(*top, text_table(COLUMNS, cells), *below),
    )


def reminder(found: Announcement, count: int) -> Message:
    """What is said under a card whose alerts nobody has taken."""
    what = "1 alert here is" if count == 1 else f"{count:,} alerts here are"
    parts = spans(bold("Still open"), f": {what} open since ", moment(found.made_at), ", and nobody has taken ")
    parts += spans("it." if count == 1 else "them.")
    return Message(text=flat(parts), blocks=(lines(parts),))


def dry_run(
    rule: Rule, found: Sequence[Finding], *, count: int, told: int, checked_at: datetime | None, units: Units = DECIMAL
) -> Message:
    """What a rule would find now; `found` are the first of `count`, and `told` of these are told of already."""
    rows: list[list[Element]] = [spans(bold(name(rule.name)), f": {rule_in_words(rule, units=units)}.")]
    seen = spans("Nothing is raised by this. ", *_checked(checked_at))
    if not count:
        rows += [spans("It would find nothing now."), *_needs(rule), seen]
        return Message(text=whole_lines(map(flat, rows)), blocks=(lines(*rows),))
    known = f"; {told:,} of the first {len(found):,} are told of already" if told else ""
    rows += [spans(f"It would find {count:,} now{known}."), seen]
    rows += [
        spans(bold(title(one, units=units)), f"  {name(one.label)}  ", code(name(one.giccid.replace("\n", " / "))))
        for one in found
    ]
    if count > len(found):
        rows.append(spans(f"… and {count - len(found):,} more."))
    return Message(text=whole_lines(map(flat, rows)), blocks=(lines(*rows),))


def rules(every: Sequence[Rule], *, units: Units = DECIMAL) -> Message:
    """The rules there are, each in words."""
    rows = [spans("Rules, and what they look for. alerts test RULE shows what one would find now.")]
    rows += [spans(bold(name(one.name)), f": {rule_in_words(one, units=units)}.") for one in every]
    shown = as_many(rows)
    if len(shown) <= len(every):
        shown.append(spans(f"… and {len(every) - len(shown) + 1} more."))
    return Message(text=whole_lines(map(flat, shown)), blocks=(lines(*shown),))


def rule_in_words(rule: Rule, *, units: Units = DECIMAL) -> str:
    """A rule as a person would say it."""
    limits = [_limit(rule.kind, n, units) for n in rule.limits]
    listed = [*limits, *([f"other than {', '.join(rule.allowed)}"] if rule.allowed else [])]
    scope = rule.scope
    places = [("account", scope.accounts), ("plan", scope.plans), ("country", scope.countries)]
    places += [(f"custom{number}", values) for number, values in scope.custom]
    of = [f"{key} {' or '.join(values)}" for key, values in places if values]
    ends = f"{NOUNS[rule.about].lower()} expires"
    what = ends if rule.kind is Kind.EXPIRY and rule.about is not About.SIM else WHAT[rule.kind]
    words = [f"{what} ({rule.about})", ", ".join(listed), f"for {', '.join(of)}" if of else ""]
    told = [] if rule.hours is None else [f"told {rule.hours}"]
    return one_line("; ".join([" ".join(word for word in words if word), *told]), 300)


def _limit(kind: Kind, limit: int, units: Units) -> str:
    match kind:
        case Kind.BYTES:
            return size(limit, units=units)
        case Kind.QUOTA:
            return f"{limit} %"
        case Kind.SPIKE:
            return f"{limit} times"
    return "1 day" if limit == 1 else f"{limit} days"


def sheet_row(alert: Alert) -> tuple[object, ...]:
    """A line of the file, in the order of SHEET."""
    found = alert.finding
    return (
        alert.id, _stands(alert), found.giccid.replace("\n", " / "), found.label, found.account or "",
        found.plan or "", title(found), found.value, found.whole, found.expires_at, found.detail or "",
        alert.raised_at, alert.by or "",
    )  # fmt: skip


def snooze_over(alert: Alert) -> Message:
    """What is said under the card when a snooze ends and the alert still holds."""
    parts = spans(bold("Snooze is over"), f" and it still holds: {title(alert.finding)}, {name(alert.finding.label)}.")
    return Message(text=flat(parts), blocks=(lines(parts),))


def put_off(alert: Alert) -> Message:
    """What whoever put an alert off reads."""
    parts = spans(f"Alert #{alert.id} is put off")
    parts += [] if alert.until is None else spans(" until ", moment(alert.until))
    parts += spans(f" or until it gets worse: {title(alert.finding)}, {name(alert.finding.label)}.")
    return Message(text=flat(parts), blocks=(lines(parts),))


def card_put_off(number: int, until: datetime | None) -> Message:
    """The same of all that is open of a card."""
    parts = spans(f"What is open of card {number} is put off until ")
    parts += spans("it gets worse.") if until is None else spans(moment(until), " or until it gets worse.")
    return Message(text=flat(parts), blocks=(lines(parts),))


def listing(alerts: Sequence[Alert], *, checked_at: datetime | None, count: int | None = None) -> Message:
    """The alerts that still hold, the newest first; `count` is how many there are, where these are not all."""
    checked = _checked(checked_at)
    if not alerts:
        none = spans("No alert is open.")
        return Message(text=f"{flat(none)} {flat(checked)}", blocks=(lines(none, checked),))
    count = len(alerts) if count is None else count
    rows = [_row(a) for a in alerts]
    if count > len(alerts):
        rows.append(spans(f"… and {count - len(alerts)} older ones."))
    words = "1 alert is open." if count == 1 else f"{count} alerts are open."
    return Message(text=whole_lines([words, *map(flat, (*rows, checked))]), blocks=(lines(*rows, checked),))


def _row(alert: Alert) -> list[Element]:
    found = alert.finding
    which = spans(bold(title(found)), f"  {name(found.label)}", *_number(found))
    return [*which, *spans(f"  {alert.state}, since ", moment(alert.raised_at), f"  (#{alert.id})")]


def _number(found: Finding) -> list[Element]:
    """The number of a SIM behind its label; a pool and an account have none."""
    return spans("  ", code(name(found.giccid))) if found.about is About.SIM else []


def _checked(checked_at: datetime | None) -> list[Element]:
    if checked_at is None:
        return spans("No check has run yet.")
    return spans("Last check: ", moment(checked_at), ".")


def _needs(rule: Rule) -> list[list[Element]]:
    """What a rule needs to know before it can find anything."""
    if rule.kind is Kind.SPIKE:
        return [spans(f"It compares with what a SIM used before, and says nothing before {LEAST_PAST} days are known.")]
    if rule.kind is Kind.ADDON:
        return [
            spans("It reads add-ons in SmartHub's list at each look; they are not kept, so that none can be tried.")
        ]
    if rule.kind is Kind.RUN_OUT:
        return [spans(f"It says nothing before {LEAST_DAYS} days of a cycle are over.")]
    return []


def _mark(alert: Alert, renewal: str | None = None) -> str:
    if alert.state is State.CLEARED:
        return "✅"
    return MARKS[_grave(alert.finding, renewal)]


def _grave(found: Finding, renewal: str | None) -> Severity:
    """A package with which the SIM goes off is graver than one that is renewed."""
    cuts_off = found.kind in ENDING and renewal == CUTS_OFF
    return Severity.CRITICAL if cuts_off and found.severity is None else found.grave


def _worst(alerts: Sequence[Alert], standing: Mapping[State, int], found: Announcement) -> str:
    if set(standing) <= {State.CLEARED, State.WORSENED}:
        return "✅"
    grave = {_grave(a.finding, found.renewal) for a in alerts if a.state not in (State.CLEARED, State.WORSENED)}
    return next((MARKS[s] for s in (Severity.CRITICAL, Severity.WARNING) if s in grave), MARKS[Severity.INFO])


def _more(found: Finding, renewal: str | None) -> list[list[Element]]:
    """What else there is to say: the country, the other SIM, the forecast, what becomes of the package."""
    # The name of an add-on stands with its end, that of a rate plan in the headline.
    told = found.detail and found.kind is not Kind.ADDON and found.detail not in title(found)
    return [*([spans(bold("More"), f"  {found.detail}")] if told else []), *_renewal(found, renewal)]


def _renewal(found: Finding, renewal: str | None) -> list[list[Element]]:
    if found.kind not in ENDING or renewal is None:
        return []
    return [spans(bold("Renewal"), f"  {RENEWALS.get(renewal, renewal)}")]


def _standing(alerts: Sequence[Alert], standing: Mapping[State, int]) -> list[Element]:
    """How many stand where, and who took the first that is taken."""
    words = {
        State.OPEN: "open", State.ACKNOWLEDGED: "acknowledged", State.SNOOZED: "snoozed", State.WORSENED: "got worse",
        State.CLEARED: "over",
    }  # fmt: skip
    said = ", ".join(f"{standing[state]:,} {word}" for state, word in words.items() if standing.get(state))
    people = list(dict.fromkeys(a.by for a in alerts if a.by is not None))[:5]
    by = [part for n, person in enumerate(people) for part in spans(", " if n else " by ", who(person))]
    return [*spans(bold("Now"), f"  {said}"), *by, *_until_of(alerts)]


def _until_of(alerts: Sequence[Alert]) -> list[Element]:
    """Until when they are put off, where that is one time for all that are."""
    untils = {alert.until for alert in alerts if alert.state is State.SNOOZED}
    if len(untils) != 1:
        return []
    until = untils.pop()
    return spans(", until it gets worse") if until is None else spans(", until ", moment(until), " or it gets worse")


def _cells(alert: Alert, units: Units) -> tuple[Cell, ...]:
    found = alert.finding
    used: Cell = "–" if found.value is None else Amount(found.value, size(found.value, units=units))
    what = title(found, units=units)
    what += "" if found.detail is None or found.detail in what else f"; {found.detail}"
    return name(found.label), found.giccid.replace("\n", " / "), what, used, _stands(alert)


def _stands(alert: Alert) -> str:
    return "gone: not listed by SmartHub" if alert.gone else alert.state.value


def _choices_for_all(
    found: Announcement, standing: Mapping[State, int], snooze_for: str, *, sims: bool
) -> tuple[Block, ...]:
    live = {state for state, count in standing.items() if count} - {State.CLEARED, State.WORSENED}
    made: list[Block] = []
    if live & {State.OPEN, State.SNOOZED}:
        made.append(button("Acknowledge", action="alerts.acknowledge", id=found.id, style="primary"))
    if live & {State.OPEN, State.ACKNOWLEDGED}:
        made.append(button(f"Snooze {snooze_for}", action="alerts.snooze", id=found.id))
        made.append(button(UNTIL_WORSE, action="alerts.hush", id=found.id))
    if live and sims:
        made.append(button("Suspend…", action="alerts.suspend", id=found.id))
        made.append(button("Change the plan…", action="alerts.plan", id=found.id))
    made.append(button("CSV", action="alerts.csv", id=found.id))
    return (actions("alerts", *made),)


def _figures(found: Finding, units: Units) -> list[list[Element]]:
    if found.kind in (Kind.QUOTA, Kind.RUN_OUT) and found.value is not None and found.whole:
        used, whole = size(found.value, units=units), size(found.whole, units=units)
        share = f"{used} of {whole}, {percent(found.value, found.whole)}"
        return [
            spans(bold(f"Usage in {found.cycle}" if found.cycle else "Usage"), f"  {share}"),
            spans(code(bar(found.value, found.whole))),
        ]
    if found.kind is Kind.SPIKE and found.value is not None and found.whole is not None:
        usual = f"{size(found.value, units=units)} today, {size(found.whole, units=units)} on a usual day"
        return [spans(bold("Usage"), f"  {usual}")]
    if found.kind is Kind.BYTES and found.value is not None:
        return [spans(bold("Usage"), f"  {size(found.value, units=units)}")]
    if found.kind in ENDING and found.expires_at is not None:
        what, which = ("Add-on", found.detail) if found.kind is Kind.ADDON else ("Rate plan", found.plan)
        return [spans(bold(what), f"  {which or 'unknown'}, until ", moment(found.expires_at))]
    return []


def _status(alert: Alert) -> list[Element]:
    at = [] if alert.at is None else spans(" ", moment(alert.at))
    if alert.state is State.ACKNOWLEDGED and alert.by is not None:
        return [*spans(bold("Acknowledged"), " by ", who(alert.by)), *at]
    if alert.state is State.SNOOZED and alert.by is not None and alert.until is None:
        return spans(bold("Snoozed"), " by ", who(alert.by), " until it gets worse")
    if alert.state is State.SNOOZED and alert.by is not None and alert.until is not None:
        return spans(bold("Snoozed"), " by ", who(alert.by), " until ", moment(alert.until), " or until it gets worse")
    words = {
        State.WORSENED: "It got worse: see the newer alert for this SIM",
        State.CLEARED: GONE if alert.gone else "Cleared: it no longer holds",
    }
    return [bold(words.get(alert.state, "Open")), *(at if alert.state is State.CLEARED else [])]


def _choices(alert: Alert, snooze_for: str) -> list[Block]:
    acknowledge = button("Acknowledge", action="alert.acknowledge", id=alert.id, style="primary")
    snooze = button(f"Snooze {snooze_for}", action="alert.snooze", id=alert.id)
    hush = button(UNTIL_WORSE, action="alert.hush", id=alert.id)
    suspend = button("Suspend…", action="alert.suspend", id=alert.id)
    plan = button("Change the plan…", action="alert.plan", id=alert.id)
    changes = [suspend, plan] if alert.finding.about is About.SIM else []
    match alert.state:
        case State.OPEN:
            return [acknowledge, snooze, hush, *changes]
        case State.SNOOZED:
            return [acknowledge, *changes]
        case State.ACKNOWLEDGED:
            return [snooze, hush, *changes]
    return []
