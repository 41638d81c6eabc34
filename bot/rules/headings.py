"""Which column of a table names the SIM: by its heading, or by what its cells look like. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from bot.errors import BadInput
from bot.rules.naming import LENGTHS, NumberKind, bare_digits
from bot.rules.sheets import read_cell
from bot.rules.sims import BETWEEN_DIGITS, luhn_holds, quotable

# `="8949…"`: how some programs keep a spreadsheet from changing a number.
AS_FORMULA = re.compile(r'="?([^"=]*)"?')
# The likeliest to name one SIM first.
GICCID, ICCID, IMSI, MSISDN, IMEI, SIM, LABEL = "giccid", "iccid", "imsi", "msisdn", "imei", "sim", "label"
ORDER = (GICCID, ICCID, IMSI, MSISDN, IMEI, SIM, LABEL)
KINDS: Mapping[str, NumberKind] = MappingProxyType(
    {
        GICCID: NumberKind.ICCID, ICCID: NumberKind.ICCID, IMSI: NumberKind.IMSI, MSISDN: NumberKind.MSISDN,
        IMEI: NumberKind.IMEI,
    }
)  # fmt: skip
# A heading is compared in small letters and without anything but letters: "ICC-ID (19)" is iccid. These may stand
# within another word as well.
WITHIN = (GICCID, ICCID, IMSI, MSISDN, IMEI)
WORDS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("icc", "simid", "simserial", "simserialnumber", "serialnumber", "kartennummer"), ICCID),
        **dict.fromkeys(("卡号", "物联卡号", "物联网卡号", "sim卡号", "集成电路卡号"), ICCID),
        **dict.fromkeys(("phone", "phonenumber", "phoneno", "mobile", "mobilenumber", "telephone", "tel"), MSISDN),
        **dict.fromkeys(("rufnummer", "telefonnummer", "号码", "手机号", "手机号码", "接入号", "接入号码"), MSISDN),
        **dict.fromkeys(("设备号", "device", "deviceid"), IMEI),
        **dict.fromkeys(("sim", "sims", "simcard", "simcards", "simnumber", "simno", "simkarte", "id", "卡"), SIM),
        **dict.fromkeys(("label", "labels", "name", "names", "simname", "simlabel", "alias", "bezeichnung"), LABEL),
        **dict.fromkeys(("标签", "名称", "别名", "备注", "卡名称", "nom", "nombre", "nome"), LABEL),
    }
)
LONGEST_HEADING = 60
MOSTLY = 0.5  # of the cells of a column
LIKE_ICCIDS = 3  # the best score of a column


@dataclass(frozen=True)
class Column:
    """A column that names SIMs: its place, and what its heading says it holds (`None` without one).

    `sure`: the heading is a word for just that; else such a word stands somewhere in it. `alike` are the places of the
    columns that are headed just as well.
    """

    at: int
    holds: str | None = None
    sure: bool = False
    alike: tuple[int, ...] = ()

    @property
    def kind(self) -> NumberKind | None:
        """The kind of number in it, where the heading says so."""
        return KINDS.get(self.holds or "")


def bare(cell: str) -> str:
    """What stands in a cell, without what keeps a spreadsheet from changing it, and without spaces around it."""
    text = cell.strip()
    if text.isalnum():  # as most are
        return text
    text = read_cell(text)
    if text.startswith("="):
        formula = AS_FORMULA.fullmatch(text)
        text = text if formula is None else formula[1]
    return text.removeprefix("'").strip() if bare_digits(text[1:]) is not None else text.strip()


def is_blank(text: str) -> bool:
    """Whether there is nothing that could name a SIM: blanks, or a line of dashes between two parts of a list."""
    return not text or not BETWEEN_DIGITS.sub("", text)


def headed(cells: Sequence[str]) -> tuple[Column, ...]:
    """The columns that name SIMs by these headings, the one to go by first; none where this is no row of headings."""
    found: dict[str, Column] = {}
    letters = [_letters(cell) for cell in cells]
    for read in (_itself, WORDS.get, _within):
        for holds in ORDER:
            places = [at for at, word in enumerate(letters) if read(word) == holds]
            if places and holds not in found:
                found[holds] = Column(places[0], holds, read is not _within, tuple(places[1:]))
    return tuple(found[holds] for holds in ORDER if holds in found)


def by_looks(rows: Sequence[Sequence[str]]) -> Column | None:
    """The one column whose cells look most like numbers of SIMs; `None` where none does, or several do alike."""
    scores = _scores(rows)
    best = max(scores, default=0)
    return Column(scores.index(best)) if best and scores.count(best) == 1 else None


def check_one(columns: Sequence[Column], names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Nothing, when the first of these columns is the one to go by; raises BadInput where another one is headed as
    well, or where its heading is not sure and the cells of one whose heading says nothing look like ICCIDs too.
    """
    column, known = columns[0], {column.at for column in columns}
    rivals = list(column.alike)
    if not column.sure:
        rivals += [at for at, score in enumerate(_scores(rows)) if score == LIKE_ICCIDS and at not in known]
    if rivals:
        raise _alike([names[at] if at < len(names) else "" for at in (column.at, rivals[0])])


def _alike(names: Sequence[str]) -> BadInput:
    said = " and ".join(f"“{quotable(name)}”" if name.strip() else "one without a heading" for name in names)
    return BadInput(
        f"Two columns of this list may name the SIM: {said}. Leave one of them, or head it “ICCID”. Nothing of this "
        f"list is used."
    )


def _letters(cell: str) -> str:
    """The letters of what may be a heading; none where it is none."""
    if len(cell) > LONGEST_HEADING or sum(c.isdigit() for c in cell) > 6:
        return ""
    return "".join(c for c in unicodedata.normalize("NFKC", cell).casefold() if c.isalpha())


def _itself(letters: str) -> str | None:
    return letters if letters in WITHIN else None


def _within(letters: str) -> str | None:
    return next((word for word in WITHIN if word in letters), None)


def _scores(rows: Sequence[Sequence[str]]) -> list[int]:
    return [_score([bare(row[at]) for row in rows if at < len(row)]) for at in range(max(map(len, rows), default=0))]


def _score(cells: Sequence[str]) -> int:
    """How much a column looks like numbers of SIMs: 3 for ICCIDs, 2 for IMSIs, 1 for other numbers, 0 for none."""
    filled = [cell for cell in cells if cell]
    digits = [d for d in map(bare_digits, filled) if d is not None]
    for score, lengths in ((LIKE_ICCIDS, LENGTHS[NumberKind.ICCID]), (2, range(15, 16)), (1, range(8, 18))):
        fitting = [d for d in digits if len(d) in lengths]
        if filled and len(fitting) > MOSTLY * len(filled):
            device = score == 2 and sum(map(luhn_holds, fitting)) > 0.9 * len(fitting)
            return 1 if device and len(fitting) > 3 else score
    return 0
