"""Which notification goes where: what can be typed, what fits, and what may wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInput
from bot.rules.events import EVENTS, Severity
from bot.rules.hours import read_hours
from bot.rules.mutes import Mute, check_length, held_by, read_mute
from bot.rules.quiet import Digest, is_over, now_or_later
from bot.rules.routes import About, Route, Target, Wanted, aim, read_typed, read_wanted

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)  # a Sunday
BERLIN = "Europe/Berlin"


def about(event: str = "no-session", severity: Severity = Severity.MEDIUM, **places: str) -> About:
    """A notification of a SIM in these places."""
    return About(event, severity, places)


@pytest.mark.parametrize(
    ("text", "fits", "not_fits"),
    [
        ("all", about(), None),
        ("no-session", about(), about("mo-sms")),
        ("no-session imei-change", about("imei-change"), about("mo-sms")),
        ("all severity:high", about(severity=Severity.HIGH), about()),
        ("no-session account:acme", about(account="ACME "), about(account="acme2")),
        ("account:acme,beta", about(account="beta"), about()),
        ("account:ac*", about(account="Acme Ltd"), about(account="beta")),
        ('account:"Acme Ltd"', about(account="acme  ltd"), about(account="acme")),
        ("plan:iot-* country:DE", about(plan="iot-100", country="de"), about(plan="iot-100")),
        ("custom1:pump", about(custom1="Pump"), about(custom2="pump")),
        ("sim:8949", about(sim="8949"), about(sim="89491")),
    ],
)
def test_what_is_wanted(text: str, fits: About, not_fits: About | None) -> None:
    """What fits a filter is taken and what does not is not; what is not known is none of what is named."""
    wanted = read_wanted(text)

    assert wanted.fits(fits)
    assert not_fits is None or not wanted.fits(not_fits)
    assert read_wanted(wanted.text) == wanted


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("no-sesion", "Did you mean `no-session`?"),
        ("nonsense", "There are mo-sms"),
        ("all colour:red", "“colour:” is no filter"),
        ("all account:,", "has nothing behind it"),
        ("all severity:awful", "“awful” is no severity; there are low, medium, high"),
        ("all account:", "`account:` has nothing behind it"),
        ("all quiet:late", "“late” are no quiet hours: write for example `quiet:22:00-07:00`"),
        ("all quiet:25:00-07:00", "“25:00-07:00” are no quiet hours"),
        ("all digest:hourly", "write `daily`"),
        ("all " + "x" * 1000, "longer than 1000"),
    ],
)
def test_what_cannot_be_typed(text: str, says: str) -> None:
    """A mistake is pointed at, with what to write instead."""
    with pytest.raises(BadInput) as refused:
        read_typed(text, zone="UTC")
    assert says in str(refused.value)


def test_quiet_and_digest_are_of_the_zone_of_who_typed() -> None:
    """Hours without a zone are those of whoever typed them."""
    typed = read_typed("no-session quiet:22:00-07:00 digest:weekly@07:30", zone=BERLIN)

    assert str(typed.quiet) == f"22:00-07:00 {BERLIN}"
    assert str(typed.digest) == f"weekly 07:30 {BERLIN}"
    assert Digest.read(str(typed.digest)) == typed.digest


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever is typed is understood or refused in words, and what is understood reads the same again."""
    try:
        wanted = read_wanted(text)
    except BadInput:
        return
    assert read_wanted(wanted.text).events == wanted.events


def route(channel: str, text: str = "all", **more: object) -> Route:
    """A route of a channel."""
    return Route(1, channel, read_wanted(text), **more)  # type: ignore[arg-type]  # any of its fields


def test_each_channel_gets_it_once() -> None:
    """It goes into each channel of which a route fits, once; where none fits, into the one for all."""
    routes = [route("C2"), route("C1", "no-session"), route("C1"), route("C3", "mo-sms")]

    assert aim(routes, about(), default=Target("C0"), now=NOW) == (Target("C1"), Target("C2"))
    assert aim([route("C3", "mo-sms")], about(), default=Target("C0"), now=NOW) == (Target("C0"),)
    assert aim([], about(), default=Target("C0"), now=NOW) == (Target("C0"),)


def test_the_most_urgent_route_decides() -> None:
    """Where one route of a channel may wait and another does not, it is told now."""
    quiet = read_hours("00:00-24:00 UTC")
    routes = [route("C1", quiet=quiet), route("C1", "no-session")]

    assert aim(routes, about(), default=Target("C0"), now=NOW) == (Target("C1"),)
    assert aim(routes, about("mo-sms"), default=Target("C0"), now=NOW) == (Target("C1", "quiet 00:00-24:00 UTC"),)


def test_the_sooner_of_two_holds() -> None:
    """Where both may wait, it waits for what is sooner, however the zones are called: quiet hours before a digest, one
    of the day before one of the week."""
    quiet = read_hours("00:00-24:00 America/Argentina/Buenos_Aires")
    daily = Digest.read("daily 08:00 America/Argentina/Buenos_Aires")
    weekly = Digest.read("weekly 08:00 UTC")
    low = about(severity=Severity.LOW)

    for routes in (
        [route("C1", quiet=quiet), route("C1", digest=weekly)],
        [route("C1", digest=weekly), route("C1", digest=daily)],
    ):
        for order in (routes, routes[::-1]):
            [target] = aim(order, low, default=Target("C0"), now=NOW)
            assert "Buenos_Aires" in target.hold


def test_what_is_grave_never_waits() -> None:
    """Quiet hours and digests hold what is low, quiet hours what is medium, and nothing holds what is high."""
    quiet, digest = read_hours("22:00-07:00 UTC"), Digest.read("daily")
    night = NOW.replace(hour=23)

    assert now_or_later(quiet, digest, Severity.HIGH, now=night) == ""
    assert now_or_later(quiet, digest, Severity.MEDIUM, now=night) == "quiet 22:00-07:00 UTC"
    assert now_or_later(quiet, digest, Severity.MEDIUM, now=NOW) == ""
    assert now_or_later(quiet, digest, Severity.LOW, now=NOW) == "digest daily 08:00 UTC"


@pytest.mark.parametrize(
    ("hold", "hours", "over"),
    [
        ("quiet 22:00-07:00 UTC", 22, False),
        ("quiet 22:00-07:00 UTC", 23, True),
        ("digest daily 08:00 UTC", 23, False),
        ("digest daily 08:00 UTC", 24, True),
        ("digest weekly 08:00 UTC", 23, False),
        ("digest weekly 08:00 UTC", 24, True),  # from Sunday to Monday
        ("late", 0, True),
        ("quiet whenever", 0, True),
        ("digest sometimes", 0, True),
    ],
)
def test_how_long_it_waits(hold: str, hours: int, over: bool) -> None:
    """It waits to the end of the quiet hours or to the next digest; what cannot be read waits no longer."""
    since = datetime(2026, 11, 22, 8, 0, 1, tzinfo=UTC)

    assert is_over(hold, since=since, now=datetime(2026, 11, 22, 8, tzinfo=UTC) + timedelta(hours=hours)) is over


def test_a_digest_keeps_its_hour_when_the_clocks_change() -> None:
    """Eight in the morning is eight in the morning, in summer as in winter."""
    digest = Digest.read(f"daily 08:00 {BERLIN}")
    before = datetime(2026, 10, 24, 12, tzinfo=UTC)

    assert digest.next_after(before).astimezone(UTC) == datetime(2026, 10, 25, 7, tzinfo=UTC)
    assert digest.next_after(before - timedelta(days=1)).astimezone(UTC) == datetime(2026, 10, 24, 6, tzinfo=UTC)


def test_planned_work_names_what_it_holds() -> None:
    """What is held, for how long and why is read from what was typed; everything of everybody cannot be held."""
    asked = read_mute("account:acme no-session 2h because firmware 2.1")

    assert (asked.wanted.text, asked.lasting, asked.why) == ("no-session account:acme", "2h", "firmware 2.1")
    for text in (
        "",
        "2h",
        "all 2h",
        "account:acme severity:low,high 1h",
        "account:acme severity:high 1h",
        "account:acme quiet:22:00-07:00 1h",
        "account:acme digest:daily 1h",
    ):
        with pytest.raises(BadInput):
            read_mute(text)
    with pytest.raises(BadInput, match="14 d at most"):
        check_length(timedelta(days=15))


def test_planned_work_holds_until_its_end() -> None:
    """Until the very end what fits is held, and from then on nothing is."""
    mute = Mute(7, Wanted(places=(("account", ("acme",)),)), "U1", "C1", NOW, NOW + timedelta(hours=2))

    assert held_by([mute], about(account="acme"), now=NOW + timedelta(minutes=119)) == 7
    assert held_by([mute], about(account="acme"), now=mute.until) is None
    assert held_by([mute], about(account="beta"), now=NOW) is None


def test_every_event_can_be_subscribed() -> None:
    """Each of the nine can be named."""
    assert read_wanted(" ".join(EVENTS)).events == tuple(EVENTS)
