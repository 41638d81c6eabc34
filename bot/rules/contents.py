"""What a file is, told by its first bytes and not by its name: text, a workbook, or nothing that holds a list. Pure."""

from __future__ import annotations

import codecs
from enum import StrEnum
from typing import BinaryIO

from bot.errors import BadInput

MOST_MB = 20
MOST_BYTES = MOST_MB * 1024 * 1024
HEAD = 4096  # bytes that are looked at
PIECE = 1 << 16
SEND = "Send the list as CSV or XLSX, or paste the numbers."
PICTURE, PACKED = "a picture", "a packed file"
# What files of each kind begin with. https://en.wikipedia.org/wiki/List_of_file_signatures
BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", PICTURE), (b"\xff\xd8\xff", PICTURE), (b"GIF8", PICTURE), (b"RIFF", "a picture, sound or film"),
    (b"BM", PICTURE), (b"II*\x00", PICTURE), (b"MM\x00*", PICTURE), (b"%PDF", "a PDF"), (b"{\\rtf", "an RTF document"),
    (b"\x1f\x8b", PACKED), (b"7z\xbc\xaf", PACKED), (b"Rar!", PACKED), (b"BZh", PACKED), (b"\xfd7zXZ", PACKED),
    (b"\x28\xb5\x2f\xfd", PACKED), (b"\x7fELF", "a program"), (b"MZ", "a program"), (b"SQLite format 3", "a database"),
)  # fmt: skip
OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP = b"PK\x03\x04"
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
TEXTUAL = frozenset(b"\t\n\r\f\v\x1a\x1b") | frozenset(range(32, 256))


class Content(StrEnum):
    """What can hold a list."""

    TEXT = "text"
    WORKBOOK = "workbook"


def content_of(file: BinaryIO) -> Content:
    """What the file is; it is read from its beginning and left there. Raises BadInput for what holds no list."""
    file.seek(0, 2)
    size = file.tell()
    if size > MOST_BYTES:
        raise too_large(size)
    file.seek(0)
    head = file.read(HEAD)
    file.seek(0)
    if head.startswith(ZIP):
        return Content.WORKBOOK
    _refuse(head)
    return Content.TEXT


def too_large(size: int) -> BadInput:
    """The error for a file of so many bytes."""
    said = f"{size / 1024 / 1024:,.0f} MB" if size > MOST_BYTES + 2**20 else f"more than {MOST_MB} MB"
    return BadInput(f"This file has {said}; a list may have {MOST_MB} MB. Leave out columns, or cut it into parts.")


def encoding_of(file: BinaryIO) -> str:
    """The encoding of a text, judged over all of it; the file is left at its beginning.

    Bytes that are no UTF-8 are GB18030 (GBK) where they read as common Chinese characters, else Windows-1252.
    """
    file.seek(0)
    head = file.read(HEAD)
    found = next((name for mark, name in MARKS if head.startswith(mark)), None) or _unmarked_utf_16(head)
    if found is None:
        found = "utf-8" if _is_utf_8(file) else _legacy(file)
    file.seek(0)
    return found


def _refuse(head: bytes) -> None:
    bare = head.removeprefix(codecs.BOM_UTF8).strip()
    if not bare:
        raise BadInput(f"This file is empty. {SEND}")
    if head.startswith(OLD_EXCEL):
        raise BadInput(
            "This is an old Excel workbook (.xls), or one with a password, and cannot be read here. Open it in Excel, "
            "choose Save As, Excel Workbook (.xlsx), without a password, and send that."
        )
    kind = next((what for start, what in BEGINNINGS if head.startswith(start) and _is_no_text(head, start)), None)
    if kind is not None:
        raise BadInput(f"This file is {kind}, and no list of SIMs. {SEND}")
    if bare[:15].lower().startswith((b"<!doctype html", b"<html")):
        raise BadInput(f"This file is a web page, and no list of SIMs. {SEND}")
    if _unmarked_utf_16(head) is None and not head.startswith(tuple(mark for mark, _ in MARKS)):
        strange = sum(byte not in TEXTUAL for byte in head)
        if strange * 100 > len(head):
            raise BadInput(f"This file is no text, and nothing that is known here. {SEND}")


def _is_no_text(head: bytes, start: bytes) -> bool:
    """Two letters may begin a text as well; then nothing but text follows."""
    return len(start) > 2 or any(byte not in TEXTUAL for byte in head)


def _unmarked_utf_16(head: bytes) -> str | None:
    """UTF-16 without its mark: of plain letters every second byte is zero."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd * 3 > len(head) / 2 and even * 10 < odd:
        return "utf-16-le"
    if even * 3 > len(head) / 2 and odd * 10 < even:
        return "utf-16-be"
    return None


def _is_utf_8(file: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    try:
        while piece := file.read(PIECE):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _legacy(file: BinaryIO) -> str:
    """GB18030 or Windows-1252, by what most pairs of bytes look like.

    The first byte of a common Chinese character (GB 2312, level 1) is B0 to D7, and its second A1 to FE; the small
    letters with accents of Windows-1252 are E0 to FF, and an ASCII letter follows most of them.
    """
    chinese = western = 0
    file.seek(0)
    while piece := file.read(PIECE):
        if piece[-1] > 0x7F:  # not within a pair
            piece += file.read(1)
        more, less = _pairs(piece)
        chinese, western = chinese + more, western + less
    return "gb18030" if chinese > western else "cp1252"


def _pairs(piece: bytes) -> tuple[int, int]:
    chinese = western = 0
    at, end = 0, len(piece)
    while at < end:
        first = piece[at]
        if first <= 0x7F:
            at += 1
            continue
        second = piece[at + 1] if at + 1 < end else 0
        if 0xB0 <= first <= 0xD7 and second >= 0xA1:
            chinese += 1
            at += 2
        elif second >= 0x81:
            at += 2  # a rarer character, or two letters with accents: it tells nothing
        else:
            western += 1
            at += 1
    return chinese, western
