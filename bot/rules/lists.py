"""A list of SIMs as it comes in, line by line, never whole in memory: a table, or text with numbers in it. Pure."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from bot.errors import BadInput
from bot.rules.headings import LABEL, Column, bare, by_looks, check_one, headed, is_blank
from bot.rules.naming import LINKED, LONGEST_NAME, Named, NumberKind, read_name
from bot.rules.numbers import AT_MOST, numbers_in
from bot.rules.sims import quotable

MOST_SIMS = 100_000
LONGEST_LINE = 10_000  # characters
SAMPLE = 200  # lines by which the shape of a list is told
DELIMITERS = ("\t", ";", "|", ",")
NAMED_LINES = 10  # that are wrong, in one sentence
SEPARATOR_HINT = re.compile(r'"?sep=([;,|\t])"?\s*', re.IGNORECASE)  # Excel's own first line
# 8.98603E+19, 8,98603E+19 and 8.98603E19; a file split at its decimal commas leaves 98603E+19.
CUT_OFF = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9]+(?:[.,][0-9]+)?E\+[0-9]{1,3}|[0-9][.,][0-9]+E[0-9]{2})(?!\w)", re.IGNORECASE
)
# Between two numbers that are whole: what stands within one stands between fewer digits.
BETWEEN_WHOLE = re.compile(r"(?<=[0-9]{14})[^0-9]+(?=[0-9]{14})|[,;|\t]")

Row = tuple[int, Sequence[str]]  # the number of its first line, and its cells


@dataclass(frozen=True, slots=True)
class Line:
    """A place in a list where a SIM is named; `number` counts lines from 1, and a line may name several.

    `name` is what is to be looked up, empty where nothing is named. `kind` is what a heading says it is, `label` that
    it is a label and no number; `whole` is all of the line where the name is a piece of it, and may be a label.
    """

    number: int
    written: str
    name: str
    kind: NumberKind | None = None
    label: bool = False
    whole: str | None = None


def lines_of_text(text: Iterable[str]) -> Iterator[Line]:
    """The lines of a text, each as it stands there with its end. Raises BadInput."""
    lines = iter(_short_enough(text))
    head = list(islice(lines, SAMPLE))
    hint = SEPARATOR_HINT.fullmatch(head[0]) if head else None
    if hint is not None:
        return checked(lines_of_rows(_rows(chain(head[1:], lines), hint[1], first=2)))
    first = next((at for at, line in enumerate(head) if line.strip()), 0)
    delimiter = _delimiter(head[first:])
    if delimiter is None:
        return checked(_free(chain(head, lines)))
    [column, *others] = headed(head[first].split(delimiter)) or [Column(0, LABEL)]
    if delimiter in head[first] or column.holds == LABEL or others:
        return checked(lines_of_rows(_rows(chain(head, lines), delimiter)))
    # One column of numbers: whatever stands between them on a line, as in a text.
    return checked(_free(chain(head[first + 1 :], lines), first=first + 2, kind=column.kind))


def lines_of_rows(rows: Iterable[Row]) -> Iterator[Line]:
    """The lines of a table: of the column that is headed so, else of the one that looks most like it. Raises BadInput
    where two are headed alike."""
    every = (row for row in rows if not all(map(is_blank, row[1])))
    head = list(islice(every, SAMPLE))
    columns = headed(head[0][1]) if head else ()
    if columns:
        check_one(columns, head[0][1], [cells for _, cells in head[1:]])
        return _cells(chain(head[1:], every), columns)
    column = by_looks([cells for _, cells in head])
    return _cells(chain(head, every), (column or Column(0),))


def wanted(line: Line) -> Named | None:
    """What the line asks for; `None` where nothing can be called so."""
    if not line.name or len(line.name) > LONGEST_NAME:
        return None
    try:
        named = read_name(line.name)
    except BadInput:
        return None
    return Named(named.typed, named.text) if line.label else named


def checked(lines: Iterable[Line]) -> Iterator[Line]:
    """The same lines. Raises BadInput where there is none, where there are too many, and, naming them, for lines in
    which a spreadsheet has cut off digits: then nothing more comes, since no line beside them can be trusted.
    """
    spoilt: list[int] = []
    example, count, more = "", 0, 0
    for line in lines:
        count += 1
        if count > MOST_SIMS:
            raise BadInput(f"This list names more than {MOST_SIMS:,} SIMs, the most of one list. Cut it into parts.")
        found = None if line.name.isdigit() else (CUT_OFF.fullmatch if line.label else CUT_OFF.search)(line.name)
        if found is not None:
            example = example or found[0]
            more += len(spoilt) >= NAMED_LINES
            spoilt += [line.number] if len(spoilt) < NAMED_LINES else []
        elif not spoilt:
            yield line
    if spoilt:
        raise cut_off(spoilt, more=more, example=example)
    if not count:
        raise BadInput("There is nothing in this list. Write or send one SIM on each line.")


def cut_off(lines: Sequence[int], *, more: int, example: str) -> BadInput:
    """The error for lines in which digits are lost; `more` are not named."""
    which = f"Line{'' if len(lines) == 1 and not more else 's'} {', '.join(map(str, lines))}"
    also = f" and {more:,} more" if more else ""
    return BadInput(
        f"{which}{also}: digits are lost, as in “{quotable(example)}”. A spreadsheet has taken the numbers of SIMs for "
        f"amounts and rounded them, so nobody can tell which SIMs are meant any more, and nothing of this is used. "
        f"Export it once more, format the column as text before the numbers go in, and send that."
    )


def unreadable_line(number: int, why: str) -> BadInput:
    """The error for a line that ends the reading."""
    return BadInput(f"Line {number}: {why} Nothing of this list is used.")


def _short_enough(text: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(text, 1):
        if len(line) > LONGEST_LINE:
            raise unreadable_line(number, f"it has more than {LONGEST_LINE:,} characters, the most of a line here.")
        yield line


# --- tables ------------------------------------------------------------------------------------------------------


def _delimiter(head: Sequence[str]) -> str | None:
    """What splits these lines into a table; `None` where they are no table."""
    filled = [line for line in head if line.strip()]
    if not filled:
        return None
    tables = {sign: [cells for _, cells in _rows(filled, sign, strict=False)] for sign in DELIMITERS}
    by_heading = max(DELIMITERS, key=lambda sign: (len(headed(tables[sign][0])), len(tables[sign][0])))
    if headed(tables[by_heading][0]):
        return by_heading
    return next((sign for sign in DELIMITERS if _is_table(tables[sign])), None)


def _is_table(rows: Sequence[Sequence[str]]) -> bool:
    """Whether nearly all rows are as wide, and one column alone names SIMs: an ICCID beside it makes it a text."""
    width = len(rows[0])
    same = sum(len(row) == width for row in rows)
    column = by_looks(rows) if width > 1 and len(rows) > 1 and same >= 0.9 * len(rows) else None
    if column is None:
        return False
    beside = (cell for row in rows for at, cell in enumerate(row) if at != column.at)
    return not any(NumberKind.ICCID in one.kinds for cell in beside for one in numbers_in(cell))


def _rows(text: Iterable[str], delimiter: str, *, first: int = 1, strict: bool = True) -> Iterator[Row]:
    """The rows with the number of the line on which each begins. Raises BadInput where quotes do not fit."""
    reader = csv.reader(text, delimiter=delimiter, strict=strict)
    number = first
    try:
        for cells in reader:
            yield number, cells
            number = first + reader.line_num
    except csv.Error:
        why = 'a quote (") is not closed, or something follows behind it before the next column.'
        raise unreadable_line(number, why) from None


def _cells(rows: Iterable[Row], columns: Sequence[Column]) -> Iterator[Line]:
    for number, cells in rows:
        for column in columns:
            written = cells[column.at] if column.at < len(cells) else ""
            name = bare(written)
            if not is_blank(name):
                yield Line(number, written[:LONGEST_NAME], name, column.kind, column.holds == LABEL)
                break
        else:
            yield Line(number, " ".join(filter(None, map(str.strip, cells)))[:LONGEST_NAME], "")


# --- free text ---------------------------------------------------------------------------------------------------


def _free(text: Iterable[str], *, first: int = 1, kind: NumberKind | None = None) -> Iterator[Line]:
    """Numbers wherever they stand, of this kind where a heading says so; a line without any may be a label."""
    for number, line in enumerate(text, first):
        written = line.strip().strip("\ufeff")
        if len(written) in (19, 20) and written.isascii() and written.isdecimal():  # as most are
            yield Line(number, written, written, kind)
        elif not is_blank(written):
            yield from _named_in(number, written, kind)


def _named_in(number: int, written: str, kind: NumberKind | None) -> Iterator[Line]:
    text = bare(LINKED.sub(r"\1", written) if "<" in written else written)
    if CUT_OFF.search(text) is not None:
        yield Line(number, written[:LONGEST_NAME], text, kind)
        return
    pieces = [numbers_in(piece) for piece in BETWEEN_WHOLE.split(text)]
    if max(map(len, pieces)) >= AT_MOST:
        raise unreadable_line(number, f"it holds {AT_MOST:,} numbers or more. Write one on each line.")
    found = [one for piece in pieces for one in piece]
    for one in found:
        alone = len(found) == 1 and one.digits != text
        yield Line(number, written[:LONGEST_NAME], one.digits, kind, whole=text if alone else None)
    if not found:
        yield Line(number, written[:LONGEST_NAME], text, kind)
