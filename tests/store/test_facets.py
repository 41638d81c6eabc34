"""Facets count who is in them and what they use together, exactly, whatever comes and goes."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from bot.rules.searches import Query, read_query
from bot.store.facets import Facet, Facets, matching, values
from bot.store.schema import SCHEMA

Place = tuple[str | None, ...]
EU: Place = ("active", "ACTIVATED", "acme", "iot-100", "DE", "eu")
NOWHERE: Place = (None, "PAUSED", None, None, None, None)


def made() -> sqlite3.Connection:
    """An empty snapshot."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.row_factory = sqlite3.Row
    SCHEMA.apply(Database(db))
    return db


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    """An empty snapshot."""
    with closing(made()) as opened:
        yield opened


def count(db: sqlite3.Connection, *moves: tuple[Place, int | None, int]) -> None:
    """What one transaction counts in and out."""
    facets = Facets(db)
    for place, used, many in moves:
        facets.add(facets.id(*place), used, many)
    facets.write()


def found(db: sqlite3.Connection, typed: str = "") -> list[tuple[int, int]]:
    """How many there are in each facet that fits, and what they used."""
    return [(facet.count, facet.usage_bytes) for facet in matching(db, read_query(typed) if typed else Query())]


def test_a_place_has_one_number(db: sqlite3.Connection):
    """The same status, account, plan, country and pool are one facet, also where some of it is not known."""
    facets = Facets(db)
    first, unknown = facets.id(*EU), facets.id(*NOWHERE)

    assert first != unknown
    assert (facets.id(*EU), Facets(db).id(*EU), Facets(db).id(*NOWHERE)) == (first, first, unknown)
    assert Facets(db).id(*EU[:-1], None) not in (first, unknown)


def test_sums_beyond_what_sqlite_can_count(db: sqlite3.Connection):
    """A million SIMs that used as much as a number of SQLite holds are added up to the byte, and taken out again."""
    most = 2**63 - 1
    count(db, (EU, most, 1_000_000), (EU, None, 1))
    assert matching(db, Query()) == [Facet(1, 1_000_001, most * 1_000_000)]

    count(db, (EU, most, -999_999))
    assert found(db) == [(2, most)]


def test_what_nobody_is_in_is_gone(db: sqlite3.Connection):
    """A facet ends with its last SIM; one that somebody leaves and another enters in one moment stays."""
    count(db, (EU, 5, 1), (NOWHERE, None, 1))
    count(db, (EU, 5, -1), (EU, 7, 1))
    assert found(db) == [(1, 7), (1, 0)]

    count(db, (EU, 7, -1))
    assert found(db) == [(1, 0)]
    assert values(db, "account") == []


@pytest.mark.parametrize(
    ("typed", "fits"),
    [
        ("", [(1, 1), (2, 4), (3, 9)]),
        ("account:acme", [(1, 1), (2, 4)]),
        ("account:ACME country:fr", [(2, 4)]),
        ("account:none", [(3, 9)]),
        ("status:suspended", []),
        ("plan:iot-*", [(1, 1), (2, 4)]),
    ],
)
def test_those_that_fit(db: sqlite3.Connection, typed: str, fits: list[tuple[int, int]]):
    """A search that names places is answered by the facets in them, in the order of their numbers."""
    count(db, (EU, 1, 1), ((*EU[:4], "FR", "eu"), 2, 2), (NOWHERE, 3, 3))

    assert found(db, typed) == fits


def test_what_there_is_most_of_comes_first(db: sqlite3.Connection):
    """What can be filtered by comes with the most used first, equals by their names, and without what is not known."""
    for account, many in (("beta", 2), ("acme", 2), ("nord", 5), (None, 9)):
        count(db, ((*EU[:2], account, *EU[3:]), 0, many))
    count(db, ((*EU[:2], "beta", None, *EU[4:]), 0, 4))

    assert values(db, "account") == ["beta", "nord", "acme"]
    assert values(db, "country") == ["DE"]


MOVES = st.lists(
    st.tuples(
        st.sampled_from([EU, NOWHERE, (*EU[:2], "beta", *EU[3:]), (*EU[:5], None)]),
        st.one_of(st.none(), st.sampled_from([0, 1, 2**32 - 1, 2**32, 2**62, 2**63 - 1]), st.integers(0, 2**63 - 1)),
    ),
    max_size=12,
)


@settings(max_examples=30, deadline=None)
@given(looks=st.lists(MOVES, min_size=1, max_size=6))
def test_after_any_looks_the_counts_are_the_counts(looks: Sequence[Sequence[tuple[Place, int | None]]]):
    """However often all leave and others come, each facet has what somebody would count who counts those there are."""
    with closing(made()) as db:
        before: Sequence[tuple[Place, int | None]] = ()
        for look in looks:
            count(db, *((place, used, -1) for place, used in before), *((place, used, 1) for place, used in look))
            before = look
        there = Counter(place for place, _ in before)
        used = {place: sum(amount or 0 for at, amount in before if at == place) for place in there}

        assert sorted(found(db)) == sorted((there[place], used[place]) for place in there)


TEXTS = st.none() | st.sampled_from(
    ("", "a", "A", "a\0b", "ä", "账户", "'", '"', "1", "null", "\\", "a ", "\U0001f600")
)
PLACES = st.lists(st.tuples(TEXTS, TEXTS.map(lambda text: text or ""), TEXTS, TEXTS, TEXTS, TEXTS), max_size=8)


@given(PLACES, PLACES)
def test_looked_up_at_once_or_one_by_one(there: list[Place], asked: list[Place]):
    """Whatever texts they are made of, facets that are looked up together are the same as one by one."""
    with closing(made()) as db:
        count(db, *((place, 1, 1) for place in there))
        together, alone = Facets(db), Facets(db)
        together.look_up(set(asked + there))

        numbers = [together.id(*place) for place in asked + there]

        assert numbers == [alone.id(*place) for place in asked + there]
        assert len(set(numbers)) == len(set(asked + there))
