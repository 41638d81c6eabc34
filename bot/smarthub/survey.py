"""What SmartHub's answers hold beside what we look for: found, missing, unknown. Pure; no value is kept."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.smarthub.contract import Contract
from bot.smarthub.shapes import KINDS, NEEDED, PARTS, WORDS, kind_of, reads


@dataclass(frozen=True)
class Field:
    """One of our fields in the rows of an answer, each count a number of rows.

    `came`: one of its keys was there; `filled`: it held something; `unreadable`: that was not of its kind but of
    `shapes`.
    """

    name: str
    keys: tuple[str, ...]
    kind: str
    needed: bool
    came: int
    filled: int
    unreadable: int
    shapes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stranger:
    """A key that is in no list of ours. `fits` are the kinds that all it held would be read as, `enums` the tables that
    have all its words; `long`: each is a number as long as an ICCID. A key that was always empty fits nothing."""

    key: str
    rows: int
    shapes: tuple[str, ...]
    fits: frozenset[str] = frozenset()
    enums: frozenset[str] = frozenset()
    long: bool = False


@dataclass(frozen=True)
class Survey:
    """What came in some rows. `words` are the words we do not know, by field, with how often each came; `parts` the
    same of the objects inside; `lost` how many rows nothing can be made of."""

    table: str
    rows: int
    lost: int
    fields: tuple[Field, ...]
    strangers: tuple[Stranger, ...]
    words: Mapping[str, Mapping[str, int]]
    parts: tuple[Survey, ...]

    @property
    def missing(self) -> tuple[Field, ...]:
        """The fields none of whose keys came in any row."""
        return tuple(field for field in self.fields if not field.came) if self.rows else ()

    @property
    def unreadable(self) -> tuple[Field, ...]:
        """The fields that came as something else than their kind, in some rows at least."""
        return tuple(field for field in self.fields if field.unreadable)

    @property
    def lacking(self) -> tuple[Field, ...]:
        """The fields that are needed, and cannot be read in some rows at least."""
        return tuple(f for f in self.fields if f.needed and f.filled - f.unreadable < self.rows)

    @property
    def all(self) -> tuple[Survey, ...]:
        """This one and those of its parts."""
        return (self, *(inner for part in self.parts for inner in part.all))


def survey(rows: Sequence[object], table: str, contract: Contract, *, only: Sequence[str] = ()) -> Survey:
    """What came in these rows, as raw as JSON has them, beside the fields of a table (`only` these, where given)."""
    whole = [row for row in rows if isinstance(row, dict)]
    known = contract.fields[table]
    fields = tuple(_field(whole, table, name, known[name]) for name in known if not only or name in only)
    needed = [field.name for field in fields if field.needed]
    return Survey(
        table=table,
        rows=len(rows),
        lost=sum(not _can_be_read(row, table, needed, known) for row in rows),
        fields=fields,
        strangers=tuple(_strangers(whole, {key for keys in known.values() for key in keys}, contract)),
        words=_unknown_words(whole, table, contract),
        parts=tuple(_parts(whole, table, contract)),
    )


def value_of(row: object, keys: Sequence[str], *, empty: bool = False) -> object:
    """What stands in a row under the first of these keys that holds something; `None` where none does."""
    if not isinstance(row, dict):
        return None
    found = next((row[key] for key in keys if row.get(key) is not None), None)
    return None if found == "" and not empty else found


def _field(rows: Sequence[Mapping[str, object]], table: str, name: str, keys: tuple[str, ...]) -> Field:
    kind = kind_of(table, name)
    values = [value for row in rows if (value := value_of(row, keys)) is not None]
    odd = [value for value in values if not reads(kind, value)]
    return Field(
        name=name,
        keys=keys,
        kind=kind,
        needed=name in NEEDED.get(table, ()),
        came=sum(any(key in row for key in keys) for row in rows),
        filled=len(values),
        unreadable=len(odd),
        shapes=_shapes(odd),
    )


def _can_be_read(row: object, table: str, needed: Sequence[str], known: Mapping[str, tuple[str, ...]]) -> bool:
    values = ((name, value_of(row, known[name])) for name in needed)
    found = all(value is not None and reads(kind_of(table, name), value) for name, value in values)
    return isinstance(row, dict) and found


def _strangers(rows: Sequence[Mapping[str, object]], known: set[str], contract: Contract) -> Iterator[Stranger]:
    counts = Counter(key for row in rows for key in row if key not in known)
    for key, count in counts.most_common():
        values = [row[key] for row in rows if row.get(key) not in (None, "")]
        if not values:
            yield Stranger(key, count, ("nothing",))
            continue
        words = {value for value in values if isinstance(value, str)} if _all_texts(values) else set()
        yield Stranger(
            key,
            count,
            _shapes(values),
            fits=frozenset(kind for kind in KINDS if all(reads(kind, value) for value in values)),
            enums=frozenset(name for name, enum in contract.enums.items() if words and words <= enum.keys()),
            long=bool(words) and all(re.fullmatch("[0-9]{18,22}[Ff]?", word) for word in words),
        )


def _unknown_words(
    rows: Sequence[Mapping[str, object]], table: str, contract: Contract
) -> Mapping[str, Mapping[str, int]]:
    found: dict[str, Mapping[str, int]] = {}
    for (of, field), enum in WORDS.items():
        if of == table:
            words = (value_of(row, contract.keys(table, field)) for row in rows)
            unknown = Counter(w for w in words if isinstance(w, str) and contract.ours(enum, w) is None)
            found |= {field: unknown} if unknown else {}
    return found


def _parts(rows: Sequence[Mapping[str, object]], table: str, contract: Contract) -> Iterator[Survey]:
    for (of, field), inner in PARTS.items():
        if of == table:
            lists = (value_of(row, contract.keys(table, field)) for row in rows)
            objects = [one for value in lists if isinstance(value, list) for one in value]
            if objects:
                yield survey(objects, inner, contract)


def _all_texts(values: Sequence[object]) -> bool:
    return all(isinstance(value, str) for value in values)


_SHAPES: Mapping[type, str] = {
    dict: "an object",
    list: "a list",
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
}


def _shapes(values: Sequence[object]) -> tuple[str, ...]:
    """What kinds of JSON these are, the likeliest first. Never a value: it may be somebody's number."""
    return tuple(shape for shape, _ in Counter(_SHAPES.get(type(value), "nothing") for value in values).most_common())
