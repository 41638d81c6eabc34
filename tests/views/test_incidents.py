"""What is drawn of incidents, routes, planned work, digests and the way of a notification, from anything there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from hypothesis import strategies as st

from bot.rules.events import EVENTS, Event, Fate, Push, Severity, Source
from bot.rules.hours import read_hours
from bot.rules.incidents import Incident, State
from bot.rules.mutes import Mute
from bot.rules.outbox import Note
from bot.rules.quiet import Digest
from bot.rules.routes import FACETS, Route, Stranger, Wanted, read_wanted
from bot.rules.storms import Cause, Member
from bot.views import caring, digests, events, incidents, late, ledger, mutes, parts, routes, sheets, telling, watching
from bot.views.incidents import Known
from bot.views.parts import DECIMAL, Message
from tests.views.anything import EVENTS as ANY_EVENT
from tests.views.anything import LISTED, REQUESTS, UNITS, few, maybe
from tests.views.drawn import COUNT, IDS, MAYBE, NOW, TEXT, TIMES, buttons, sound, words

View = Callable[..., Any]
OPEN = Incident(7, "no-session", Severity.HIGH, NOW, NOW, ("C9",), giccid="8949", label="Pump 7", account="acme")
STORM = replace(OPEN, storm=True, sims=412, count=900, giccid=None, label=None)
COUNTS = {"account": {"acme": 400, "beta": 12}, "country": {"DE": 412}, "plan": {"iot-100": 412}}
CAUSE = Cause("country", "DE", 1.0, 0.12)

INCIDENTS = st.builds(
    Incident,
    IDS,
    st.sampled_from([*EVENTS, "nonsense"]),
    st.sampled_from(list(Severity)),
    TIMES,
    TIMES,
    st.sampled_from([(), ("C9",), ("C9",) * 30]),
    giccid=MAYBE,
    label=MAYBE,
    account=MAYBE,
    storm=st.booleans(),
    storm_id=maybe(IDS),
    count=st.integers(1, 2**40),
    sims=st.integers(1, 2**40),
    state=st.sampled_from(list(State)),
    by=maybe(st.just("U1")),
    at=maybe(TIMES),
    assignee=maybe(st.just("U2")),
    until=maybe(TIMES),
    why=MAYBE,
)
SHARES = st.dictionaries(st.sampled_from([*telling.SHARE]), st.dictionaries(TEXT, st.integers(1, 2**31), max_size=9))
SHARE = st.floats(0, 1)
CAUSES = st.builds(Cause, st.sampled_from([*telling.CAUSES]), TEXT, SHARE, maybe(SHARE))
RESTLESS = few(st.tuples(TEXT, st.integers(1, 2**31)), times=(1, 2))
LINKS = st.just("https://acme.slack.com/archives/C9/p1795336200000000")
KNOWN = st.builds(
    Known,
    events=few(ANY_EVENT, times=(1, 2)),
    sim=maybe(LISTED),
    twins=few(LISTED),
    model=maybe(COUNT),
    ours=maybe(REQUESTS),
    link=maybe(LINKS),
    job=maybe(IDS),
    conversation=maybe(st.just("C9")),
    counts=SHARES,
    cause=maybe(CAUSES),
    restless=RESTLESS,
    units=UNITS,
)
WANTED = st.builds(Wanted, places=few(st.tuples(st.just("account"), few(TEXT, least=1).map(tuple))).map(tuple))
STRANGERS = few(st.builds(Stranger, st.sampled_from(FACETS), TEXT, few(TEXT, times=(1, 3)).map(tuple)), times=(1, 9))
ROUTES = st.builds(
    Route,
    IDS,
    st.just("C9"),
    WANTED,
    maybe(st.just(read_hours("22:00-07:00 UTC"))),
    maybe(st.just(Digest.read("daily"))),
    TEXT,
    maybe(st.just("U1")),
    maybe(TIMES),
)
MUTES = st.builds(Mute, IDS, WANTED, st.just("U1"), st.just("C9"), TIMES, TIMES, MAYBE)
HELD = st.dictionaries(st.sampled_from([*EVENTS, "nonsense"]), st.integers(1, 2**31), max_size=9)
STOPS = st.builds(ledger.Stop, st.just("C9"), TEXT, maybe(TIMES), st.integers(0, 99), MAYBE)
PLAIN = TEXT.map(lambda text: Message(parts.escape(parts.one_line(text)), (parts.lines([parts.say(text)]),)))
NOTES = st.tuples(TIMES, PLAIN.map(lambda message: Note("C9", message.text, message.blocks)))
LENGTHS = st.timedeltas(timedelta(0), timedelta(days=99))
CODES = st.sampled_from([*routes.WHY, "account_inactive"])


def calls(view: View, *given: Any, **more: Any) -> st.SearchStrategy[Callable[[], Any]]:
    """What draws the view with something from each of these, once it is called."""
    return st.builds(partial, st.just(view), *given, **more)


MESSAGES: Mapping[View, st.SearchStrategy[Callable[[], Message]]] = {
    caring.assigned: calls(caring.assigned, INCIDENTS, by=st.just("U1")),
    caring.snooze_over: calls(caring.snooze_over, INCIDENTS),
    digests.digest: calls(
        digests.digest, st.sampled_from([*digests.TITLES, "x"]), few(INCIDENTS, times=(1, 40)), count=st.integers(0, 99)
    ),
    digests.nobodys: calls(digests.nobodys, few(INCIDENTS, times=(1, 40)), lasting=st.just("1 h")),
    events.echo: calls(events.echo, ANY_EVENT),
    incidents.card: calls(incidents.card, INCIDENTS, KNOWN),
    late.dated: calls(late.dated, PLAIN, TIMES),
    late.together: calls(late.together, few(NOTES, least=1, times=(1, 9))),
    ledger.entry: calls(ledger.entry, ANY_EVENT, maybe(INCIDENTS), few(STOPS), units=UNITS),
    mutes.listing: calls(mutes.listing, few(st.tuples(MUTES, HELD), times=(1, 9)), command=st.just("/sim")),
    mutes.made: calls(mutes.made, MUTES, command=st.just("/sim"), strangers=STRANGERS),
    mutes.over: calls(mutes.over, MUTES, HELD),
    routes.closed: calls(
        routes.closed, st.just("C9"), CODES, moved_to=maybe(st.just("C9")), waiting=COUNT, bot=st.just("@simops")
    ),
    routes.listing: calls(
        routes.listing, few(ROUTES, times=(1, 40)), default=st.just("C9"), closed=st.dictionaries(st.just("C9"), CODES),
        command=st.just("/sim"),
    ),
    routes.made: calls(routes.made, ROUTES, STRANGERS),
    routes.meant_for: calls(routes.meant_for, PLAIN, st.just("C9")),
    routes.moved: calls(
        routes.moved, st.just("C9"), CODES, st.dictionaries(st.sampled_from([*routes.KINDS, ""]), COUNT)
    ),
    routes.opened: calls(routes.opened, st.just("C9")),
    routes.removed: calls(routes.removed, ROUTES),
    routes.subscribed: calls(routes.subscribed, ROUTES),
    routes.test: calls(routes.test, ROUTES, by=st.just("U1")),
    watching.back: calls(watching.back, TIMES, TIMES),
    watching.silent: calls(watching.silent, TIMES, LENGTHS),
}  # fmt: skip
SURFACES: Mapping[View, st.SearchStrategy[Callable[[], Any]]] = {
    caring.assign: calls(caring.assign, INCIDENTS),
    caring.resolve: calls(caring.resolve, INCIDENTS),
}
BLOCKS: Mapping[View, st.SearchStrategy[Any]] = {
    routes.place: st.just(parts.lines([routes.place("C9"), parts.say("x")])),
    telling.conversation: maybe(st.just("C9")).map(
        lambda channel: parts.lines(*telling.conversation(channel), [parts.say("x")])
    ),
    telling.buttons: st.builds(telling.buttons, INCIDENTS, maybe(LISTED), maybe(ANY_EVENT)).map(
        lambda row: parts.actions("x", *row, parts.button("x", action="x", id=1))
    ),
}
SINGLE = ANY_EVENT.map(lambda event: replace(event, push=replace(event.push, name="imei-change")))
ROWS: Mapping[View, st.SearchStrategy[Any]] = {
    routes.doubts: STRANGERS.map(routes.doubts),
    incidents.line: INCIDENTS.map(incidents.line),
    telling.more: st.builds(telling.more, SINGLE, maybe(LISTED), few(LISTED), maybe(COUNT), units=UNITS),
    telling.ours: st.builds(telling.ours, ANY_EVENT, maybe(REQUESTS), maybe(IDS), maybe(LINKS)),
    telling.place: st.builds(telling.place, INCIDENTS, maybe(LISTED)),
    telling.storm: st.builds(telling.storm, INCIDENTS, SHARES, maybe(CAUSES), RESTLESS),
}


def event(name: str = "no-session", **facts: object) -> Event:
    """A notification as it is stored."""
    push = Push(name, "id:1", b'{"giccid": "8949"}', giccid="8949", facts=facts)  # type: ignore[arg-type]  # any facts
    return Event(3, push, NOW, label="Pump 7", incident=7)


def messages() -> Iterator[tuple[View, Message]]:
    """Each view with what it draws, in each state that looks different."""
    for state in State:
        for incident in (OPEN, STORM):
            there = replace(incident, state=state, by="U1", at=NOW, until=NOW, why="done")
            yield incidents.card, incidents.card(there, Known(events=[event()], counts=COUNTS, cause=CAUSE))
    for name in EVENTS:
        yield incidents.card, incidents.card(replace(OPEN, event=name), Known(events=[event(name)]))
        yield events.echo, events.echo(event(name))
    yield caring.assigned, caring.assigned(OPEN, by="U1")
    yield caring.snooze_over, caring.snooze_over(OPEN)
    for kind in digests.TITLES:
        yield digests.digest, digests.digest(kind, [OPEN, STORM] * 30, count=99)
    yield digests.nobodys, digests.nobodys([OPEN], lasting="1 h")
    yield late.dated, late.dated(parts.answer("Hello"), NOW)
    note = Note("C9", "Hello", parts.answer("Hello").blocks)
    yield late.together, late.together([(NOW, note), (NOW, Note("C9", "no blocks"))])
    for fate in Fate:
        yield ledger.entry, ledger.entry(replace(event(), fate=fate, job=4), OPEN, [ledger.Stop("C9", "in Slack", NOW)])
    route = Route(1, "C9", read_wanted("no-session"), by="U1", at=NOW)
    of_config = replace(route, id=0, name="ours", by=None, at=None)
    yield routes.listing, routes.listing([route, of_config], default="C9", closed={"C9": "is_archived"}, command="/sim")
    for code in routes.WHY:
        yield routes.closed, routes.closed("C9", code, moved_to="C9", waiting=3, bot="@simops")
        yield routes.moved, routes.moved("C9", code, {"approval": 2, "alert": 1, "alerts": 1200, "": 3})
    yield routes.meant_for, routes.meant_for(parts.answer("Hello"), "C9")
    for view in (routes.made, routes.removed, routes.subscribed):
        yield view, view(route)
    yield routes.opened, routes.opened("C9")
    yield routes.test, routes.test(of_config, by="U1")
    mute = Mute(1, read_wanted("account:acme"), "U1", "C9", NOW, NOW)
    yield mutes.listing, mutes.listing([], command="/sim")
    yield mutes.listing, mutes.listing([(mute, {"no-session": 3})], command="/sim")
    yield mutes.made, mutes.made(mute, command="/sim")
    yield mutes.over, mutes.over(mute, {"no-session": 3})
    yield watching.silent, watching.silent(NOW, timedelta(0))
    yield watching.back, watching.back(NOW, NOW)


def test_slack_takes_each_of_them() -> None:
    """Each message, in each state, is one that Slack takes, and names nobody but who did something."""
    for _, message in messages():
        sound(message, people=["U1", "U2"], links=["C9"])


def test_a_storm_says_what_it_has_in_common() -> None:
    """How many, of whom, and what they share that the fleet does not."""
    said = words(incidents.card(STORM, Known(counts=COUNTS, cause=CAUSE, restless=[("Pump 7", 9)])))

    assert "412 SIMs" in said
    assert "acme 400, beta 12" in said
    assert "All 412 are in DE: look at the network there. Of the whole fleet it is 12 %." in said
    assert "Pump 7 (9 times)" in said


def test_nothing_is_to_be_pressed_on_what_is_over() -> None:
    """A resolved incident, and one that became one of many, has no buttons."""
    for over in (replace(OPEN, state=State.RESOLVED), replace(OPEN, storm_id=9)):
        assert buttons(incidents.card(over, Known(events=[event()])).blocks) == {}


def test_what_was_never_told_says_so() -> None:
    """A card made from the change log says that SmartHub has not told of it."""
    found = replace(event(), source=Source.LOG)

    assert incidents.MISSED in words(incidents.card(OPEN, Known(events=[found])))
    assert incidents.MISSED not in words(incidents.card(OPEN, Known(events=[event()])))


def test_a_line_of_the_list() -> None:
    """Each SIM of a storm is a line with as many cells as the head has, its times in UTC."""
    row = sheets.member_row(Member("8949", None, "acme", None, "DE", 3, NOW, NOW))

    assert len(row) == len(sheets.MEMBERS)
    assert row[-1] == f"{NOW:%Y-%m-%dT%H:%M:%SZ}"
    assert telling.more(event(), None, (), None, units=DECIMAL) == []
