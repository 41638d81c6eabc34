"""Reading lists: whatever they are written in reads back the same, and what is doubtful ends the reading."""

from __future__ import annotations

import csv
import io
import tracemalloc
from collections.abc import Callable, Sequence
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from bot.errors import BadInput
from bot.rules import contents, lists
from bot.rules.intake import read_file, read_paste
from bot.rules.lists import Line
from bot.rules.naming import NumberKind
from bot.rules.sheets import csv_lines
from bot.rules.sims import luhn_digit
from bot.rules.workbooks import MOST_UNPACKED_MB

A, B, C = "8949212600000000001", "8949212600000000142", "89860426000000000219"
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "cp1252")
# As people write in each encoding; GBK is told by its common characters, Windows-1252 by its accents.
LABELS = {"gb18030": ("深圳泵站", "北京 7号表", "物联网卡"), "cp1252": ("Zürich größe", "Malmö 7", "Café")}
HEADINGS = ("ICCID", "iccid", "GICCID", "ICC-ID", "SIM ICCID", "卡号", "ICCID卡号", "Iccid (19)")
ICCIDS = st.integers(0, 10**10 - 1).map(lambda n: (bare := f"89492126{n:010d}") + luhn_digit(bare))


def read(content: bytes | str) -> list[Line]:
    """The lines of a file."""
    return list(read_file(io.BytesIO(content.encode() if isinstance(content, str) else content)))


def names(lines: Sequence[Line]) -> list[str]:
    """What each line names."""
    return [line.name for line in lines]


def workbook(*rows: Sequence[object], blank_first: bool = False) -> bytes:
    """An Excel workbook with these rows."""
    book = Workbook()
    sheet = book.create_sheet("list") if blank_first else book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def table(rows: Sequence[Sequence[str]], delimiter: str, ending: str) -> str:
    """The rows as CSV."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=ending).writerows(rows)
    return out.getvalue()


@given(st.data())
def test_any_table_reads_back(data: st.DataObject):
    """In whatever encoding, with whatever delimiter, line ends, order of columns and spelling a table of SIMs is
    written, each of its lines reads back with its number and its SIM."""
    encoding = data.draw(st.sampled_from(ENCODINGS))
    delimiter, ending = data.draw(st.sampled_from(",;\t|")), data.draw(st.sampled_from(("\r\n", "\n", "\r")))
    headed = data.draw(st.booleans())
    heading = data.draw(st.sampled_from(HEADINGS))
    if not headed or (encoding == "cp1252" and not heading.isascii()):
        heading = "ICCID"
    spell = data.draw(st.sampled_from((str, "'{}".format, '="{}"'.format, " {} ".format, "{}F".format)))
    iccids = data.draw(st.lists(ICCIDS, min_size=2, max_size=8))
    label = st.sampled_from(LABELS.get(encoding, ("Pump; 7", 'the "old" one', "Zürich", "深圳", "two\nlines")))
    rows = [[data.draw(label), spell(iccid), "262030000000001", "active"] for iccid in iccids]
    if not headed or ending == "\r":
        rows = [[row[0].replace("\n", " "), *row[1:]] for row in rows]
    every = [["Kunde", heading, "imsi", "state"], *rows] if headed else rows
    order = data.draw(st.permutations(range(4)))

    found = read(table([[row[at] for at in order] for row in every], delimiter, ending).encode(encoding))

    assert names(found) == [iccid + ("F" if spell("") == "F" else "") for iccid in iccids]
    if not any("\n" in row[0] for row in rows):
        assert [line.number for line in found] == list(range(1 + headed, 1 + headed + len(iccids)))


@given(st.lists(ICCIDS, min_size=1, max_size=30), st.data())
def test_anything_between_pasted_numbers(iccids: list[str], data: st.DataObject):
    """Pasted numbers are found whatever stands between them, in their order, doubled ones twice."""
    between = st.sampled_from((" ", ", ", ";", "\n", "\r\n", "\t", " | ", " and then ", "\n- ", ") (", "'"))
    text = "".join(iccid + data.draw(between) for iccid in iccids)

    assert names(list(read_paste(f"Please suspend {text}"))) == iccids


@given(st.lists(st.sampled_from(["", "   ", "Pump 7", A, f"{A} {B}", "rubbish !!", "12345678", "-", f"x;{A};y"])))
def test_no_line_is_dropped(lines: list[str]):
    """Every line with something in it but dashes is judged, under its number; an empty list is said to be one."""
    filled = [n for n, line in enumerate(lines, 1) if line.strip(" -")]
    if not filled:
        with pytest.raises(BadInput, match="nothing in this list"):
            list(read_paste("\n".join(lines)))
        return

    found = list(read_paste("\n".join(lines)))

    assert sorted({line.number for line in found}) == filled


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), min_size=1, max_size=6))
def test_what_simops_wrote_reads_back(labels: list[str]):
    """A file of simops with formula-safe cells, hostile labels among them, reads back with each SIM on its row."""
    file = "".join(csv_lines(["label", "giccid"], [(label, A) for label in labels]))

    assert names(read(file)) == [A] * len(labels)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"label;msisdn;iccid\nx;491500;{A}", (A, NumberKind.ICCID)),
        ("name,IMSI No.\nx,262030000000001", ("262030000000001", NumberKind.IMSI)),
        ("Telefon,Phone Number\nx,+49 1500 000001", ("+49 1500 000001", NumberKind.MSISDN)),
        ("imei;x\n356938035643809;1", ("356938035643809", NumberKind.IMEI)),
        (f"sim\n{A}", (A, None)),
        (f"sep=;\nx;iccid\n1;{A}", (A, NumberKind.ICCID)),
        (f"iccid;imsi\n{A};262030000000001", (A, NumberKind.ICCID)),
        ("iccid;imsi\n;262030000000001", ("262030000000001", NumberKind.IMSI)),
        (f"iccid: {A}", (A, None)),
        (f"<tel:+491500000001|{A}>", (A, None)),
        (f"ICCID status;ICCID;y\nok;{A};1", (A, NumberKind.ICCID)),
        (f"| iccid | name |\n|---|---|\n| {A} | x |", (A, NumberKind.ICCID)),
        (f"SIM-Kartennummer (ICCID);y\n{A};1", (A, NumberKind.ICCID)),
        (f"Serial Number;ICCID\n1234567890123456789;{A}", (A, NumberKind.ICCID)),
        (f'\n\n"iccid";"x"\n"{A}";"a;b"', (A, NumberKind.ICCID)),
        (f"sep=\t\nx\ticcid\n1\t{A}", (A, NumberKind.ICCID)),
        (f"号码;卡号\n138;{A}", (A, NumberKind.ICCID)),
    ],
)
def test_the_column_that_names_the_sim(text: str, expected: tuple[str, NumberKind | None]):
    """The heading says which column it is and what kind of number is in it; an empty cell leaves it to the next."""
    [line] = read(text)

    assert (line.name, line.kind) == expected


@pytest.mark.parametrize(
    "text",
    [
        f"Here are the ICCIDs:\n{A}, {B}\n{C}",
        f"ICCIDs\n{A} / {B}\n{C}",
        f"Please suspend {A}, {B}\n{C}, ",
        f"{A} and {B}; then {C}",
        f"{A}\t{B}\t{C}",
        f"1) {A}\n2) {B}\n3) {C}",
        f"```\n{A}\n{B}\n{C}\n```",
        f"- {A}: broken\n- {B}: 14.03.2026 12:30:45\n- {C} (2x)",
        f"id={A} state=up\nid={B} state=up\nid={C} state=down",
        f'[{{"iccid": "{A}"}}, {{"iccid": "{B}"}}, {{"iccid": "{C}"}}]',
        f"2026-11-22T08:30:00Z 10.1.2.3 {A}\n2026-11-22T08:31:00Z 10.1.2.3 {B}\n2026-11-22T08:32:00Z x {C}",
        f"{A}{' '}\r\n\r\n{B}\u00a0\r\n{C}\u200b",
        f"\ufeff{A}\n{B}\n{C}",
    ],
)
def test_texts_as_people_paste_them(text: str):
    """No number of a text is lost, however people write around it."""
    assert [name for name in names(list(read_paste(text))) if name in (A, B, C)] == [A, B, C]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (f"old ICCID;new ICCID\n{A};{B}", "“old ICCID” and “new ICCID”"),
        (f"ICCID,ICCID\n{A},{B}", "“ICCID” and “ICCID”"),
        (f"Suspend these ICCIDs, please\n{A}, {B}\n{C}, {A}", "“Suspend these ICCIDs” and “please”"),
        (f"SIM ICCID 1;;x\n{A};{B};1\n{C};{A};2", "“SIM ICCID 1” and one without a heading"),
    ],
)
def test_two_columns_that_may_be_meant(text: str, named: str):
    """Where two columns may name the SIM, none is chosen: both are named."""
    with pytest.raises(BadInput, match=f"Two columns of this list may name the SIM: {named}"):
        read(text)


def test_a_column_of_names():
    """One column under a heading for names, or without any, is read as labels, each a line."""
    assert [(line.name, line.label) for line in read("Name\nPump 7\nPump 8")] == [("Pump 7", True), ("Pump 8", True)]
    assert names(read("Pump 7\nPump 8\n")) == ["Pump 7", "Pump 8"]


def test_a_row_whose_column_is_empty_stays():
    """A row that names no SIM is judged as well, and shows what stands in it."""
    found = read(f"iccid;note\n{A};x\n;lost\n{B};")

    assert [(line.number, line.name, line.written) for line in found][1] == (3, "", "lost")
    assert len(found) == 3


@pytest.mark.parametrize("cut", ["8.98603E+19", "8,98603E+19", "8.98603E19", "8.98603e+19", "9E+19", '"8,98603E+19"'])
@pytest.mark.parametrize("form", ["iccid;x\n{a};1\n{cut};2\n{b};3", "{a}\n{cut}\n{b}", "iccid\n{a}\n{cut}\n{b}"])
def test_cut_off_numbers_stop_everything(cut: str, form: str):
    """A number that Excel has rounded stops the whole list, naming the lines and what to do."""
    text = form.format(a=A, b=B, cut=cut)
    line = text.splitlines().index(next(one for one in text.splitlines() if cut in one)) + 1

    with pytest.raises(BadInput, match=rf"Line {line}: digits are lost.*format the column as text"):
        read(text)


def test_a_comma_file_cut_at_its_decimal_commas():
    """Also in a file whose decimal comma became a separator, and many lines are counted."""
    with pytest.raises(BadInput, match=r"Lines 2, 3, .* and 5 more: digits are lost"):
        read("iccid,x\n" + "98603E+19,8\n" * 15)


def test_a_workbook_is_read():
    """The first sheet with something in it counts; text and numbers of up to 15 digits are read as they are."""
    found = read(workbook(["Label", "ICCID", "IMSI"], ["x", A, 1], [None, None, 262030000000001], blank_first=True))

    assert [(line.number, line.name, line.kind) for line in found] == [
        (2, A, NumberKind.ICCID),
        (3, "262030000000001", NumberKind.IMSI),
    ]


@pytest.mark.parametrize("value", [int(A), float(A), 8.98603e19, "8.98603E+19"])
def test_a_workbook_with_rounded_numbers(value: object):
    """Numbers that Excel cannot hold are refused like those it has written as text."""
    with pytest.raises(BadInput, match=r"Line 3: digits are lost, as in “8\.9[0-9]+E\+1[0-9]”"):
        read(workbook(["iccid"], [A], [value]))


def test_a_workbook_of_another_program():
    """Cells without a place, rows without a number, texts in pieces and those read aloud are read as they are meant."""
    shared = (
        "<sst><si><t>ICCID</t></si>"
        f"<si><r><t>{A[:5]}</t></r><r><rPr><b/></rPr><t>{A[5:]}</t></r><rPh sb='0' eb='1'><t>999</t></rPh></si></sst>"
    )
    rows = (
        "<row><c t='s'><v>0</v></c></row><row><c t='s'><v>1</v></c></row>"
        f"<row r='7'><c r='A7' t='inlineStr'><is><t>{B}</t></is></c></row><row><c t='str'><f>x</f><v>{C}</v></c></row>"
    )

    assert [(line.number, line.name) for line in read(by_hand(rows, shared=shared))] == [(2, A), (7, B), (8, C)]


def test_sheets_that_are_hidden():
    """A sheet that nobody sees is no list; the next one is."""
    book = Workbook()
    assert book.active is not None
    book.active.append([A])
    book.active.sheet_state = "hidden"
    book.create_sheet("seen").append([B])
    out = io.BytesIO()
    book.save(out)

    assert names(read(out.getvalue())) == [B]


def test_rows_that_are_hidden():
    """A workbook in which a filter hides rows is refused: whoever sent it saw fewer SIMs than there are."""
    book = Workbook()
    assert book.active is not None
    for cells in (["iccid"], [A], [B]):
        book.active.append(cells)
    book.active.row_dimensions[5].hidden = True
    out = io.BytesIO()
    book.save(out)
    assert names(read(out.getvalue())) == [A, B]

    book.active.row_dimensions[3].hidden = True
    out = io.BytesIO()
    book.save(out)
    with pytest.raises(BadInput, match=r"Row 3 of this workbook is hidden.*Show all rows"):
        read(out.getvalue())


def by_hand(rows: str, *, shared: str | None = None, doctype: str = "") -> bytes:
    """A workbook with this XML as the rows of its sheet."""
    rels = "<Relationships><Relationship Id='r1' Type='x/worksheet' Target='worksheets/s.xml'/></Relationships>"
    parts = {
        "xl/workbook.xml": "<workbook xmlns:r='x'><sheets><sheet name='a' sheetId='1' r:id='r1'/></sheets></workbook>",
        "xl/_rels/workbook.xml.rels": rels,
        "xl/worksheets/s.xml": f"{doctype}<worksheet><sheetData>{rows}</sheetData></worksheet>",
        **({} if shared is None else {"xl/sharedStrings.xml": shared}),
    }
    out = io.BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (by_hand("<row><c t='s'><v>9</v></c></row>"), "broken"),
        (by_hand("<row r='0'><c><v>1</v></c></row>"), "broken"),
        (by_hand("<row r='1048577'><c><v>1</v></c></row>"), "broken"),
        (by_hand("<row r='x'/>"), "broken"),
        (by_hand("<row><c><v>1</v></row>"), "broken"),
        (by_hand("<row><c><v>many</v></c></row>"), "broken"),
        (by_hand("<b>" * 200 + "</b>" * 200), "broken"),
        (by_hand("<row/>", doctype="<!DOCTYPE x>"), "broken"),
        (by_hand(f"<row><c t='str'><v>{'9' * 10_001}</v></c></row>"), "Line 1: it has more than 10,000 characters"),
        (by_hand("<row>" + f"<c t='str'><v>{'x' * 99}</v></c>" * 110 + "</row>"), "Line 1: it has more than 10,000"),
        (by_hand("<row/>")[:-30], "broken"),
        (by_hand("<row/>").replace(b"xl/workbook.xml", b"xl/workbook.bin"), r"binary form \(\.xlsb\)"),
        (by_hand(""), "nothing in this list"),
        (by_hand("<row><c><v/></c></row>"), "nothing in this list"),
        (by_hand("<row><c><v>1e999</v></c></row><row><c><v>-0</v></c></row>"), None),
    ],
)
def test_a_workbook_that_is_odd(content: bytes, why: str | None):
    """A workbook that is broken, or made to break what reads it, ends in words."""
    if why is None:
        assert len(read(content)) == 2
        return
    with pytest.raises(BadInput, match=why):
        read(content)


@given(st.data())
def test_damaged_workbooks(data: st.DataObject):
    """Whatever happens to the bytes of a workbook, it is read or refused in words."""
    rows = f"<row r='1'><c r='A1' t='s'><v>0</v></c></row><row r='2'><c r='A2'><v>{A}</v></c></row>"
    content = bytearray(by_hand(rows, shared=f"<sst><si><t>{B}</t></si></sst>"))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(4, len(content) - 1))] = data.draw(st.integers(0, 255))

    assert is_sound(lambda: read(bytes(content)))


@given(st.binary(max_size=300))
def test_any_bytes(content: bytes):
    """Whatever a file is, it is read or refused in words."""
    assert is_sound(lambda: read(content))


@given(st.text(max_size=300))
def test_any_text(text: str):
    """Whatever is pasted, it is read or refused in words, and each name can be looked for."""
    assert is_sound(lambda: list(read_paste(text)))


def is_sound(reading: Callable[[], list[Line]]) -> bool:
    """Whether it is refused in a sentence, or every line can be looked for."""
    try:
        found = reading()
    except BadInput as problem:
        return str(problem).endswith(".")
    return all(line.number >= 1 and (lists.wanted(line) is None or bool(line.name)) for line in found)


@pytest.mark.parametrize("count", [2_000, 15_000])
def test_memory_does_not_grow(count: int):
    """However long a list is, as a text or as a workbook, little of it is in memory at once."""
    row = "<row><c t='str'><v>8949212600000000001</v></c><c t='str'><v>pump seven</v></c></row>"
    text, book = f"iccid;x\n{f'{A};pump seven{chr(10)}' * count}".encode(), by_hand(row * count)
    for content in (text, book):
        tracemalloc.start()
        try:
            assert sum(1 for _ in read_file(io.BytesIO(content))) == count
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 1_500_000


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \r\n", "is empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "a picture"),
        (b"\xff\xd8\xff\xe0" + bytes(50), "a picture"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), r"old Excel workbook.*Save As"),
        (b"PK\x03\x04" + bytes(50), "broken"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (bytes(range(256)) * 4, "is no text"),
        (b"iccid\n" + b"9" * 10_001, "Line 2: it has more than 10,000 characters"),
        (b'iccid,x\n"8949,1\n2,2', "Line 2: a quote"),
    ],
)
def test_what_is_no_list(content: bytes, why: str):
    """Each file that holds no list is refused with what it is, whatever its name says."""
    with pytest.raises(BadInput, match=why):
        read(content)


def packed(**parts: bytes) -> bytes:
    """A ZIP file with these parts."""
    out = io.BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name.replace("__", "/").replace("_", "."), content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (packed(a_txt=b"x"), "a packed file"),
        (packed(word__document_xml=b"x"), "a Word document"),
        (packed(content_xml=b"x"), "an OpenDocument file"),
        (packed(xl__workbook_xml=b"<x/>"), "broken"),
        (packed(xl__workbook_xml=b"x", xl__sharedStrings_xml=bytes(65 << 20)), r"unpacks to 65 MB.*as CSV"),
    ],
)
def test_a_zip_that_is_no_workbook(content: bytes, why: str):
    """A ZIP with something else in it is said to be that, and one that unpacks to too much is not unpacked."""
    with pytest.raises(BadInput, match=why):
        read(content)
    assert MOST_UNPACKED_MB > 65


def test_entities_in_a_workbook_are_not_expanded():
    """A workbook whose XML defines entities is refused before they are expanded."""
    good = workbook(["iccid"], [A])
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
    out = io.BytesIO()
    with ZipFile(io.BytesIO(good)) as old, ZipFile(out, "w") as new:
        for part in old.infolist():
            new.writestr(part, bomb if part.filename.startswith("xl/worksheets/") else old.read(part))

    with pytest.raises(BadInput, match="broken"):
        read(out.getvalue())


def test_the_limits():
    """More SIMs than a list may name are refused, and so is a file that is too large, with the limits named."""
    with pytest.raises(BadInput, match="more than 100,000 SIMs"):
        for _ in lists.checked(Line(n, A, A) for n in range(lists.MOST_SIMS + 1)):
            pass

    class Large(io.BytesIO):
        def tell(self) -> int:
            return 200 << 20

    with pytest.raises(BadInput, match=r"has 200 MB; a list may have 20 MB"):
        contents.content_of(Large(b"x"))
