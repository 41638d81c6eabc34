"""Files on their way to Slack, on a real disk."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from bot.errors import StoreError
from bot.rules.sheets import HEAD
from bot.sheets import Rows, sheet, whole


async def pieces() -> AsyncGenerator[Rows, None]:
    """Two pieces, with a text that a spreadsheet would run."""
    yield [("Müller", 1), ('=HYPERLINK("http://bad")', 2)]
    yield iter([("<!channel>", None)])


def left_in(folder: Path) -> list[str]:
    """What lies there."""
    return [path.name for path in folder.iterdir()]


async def test_a_file_holds_all_pieces_and_is_gone_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Titles and rows in their order, formulas made harmless; when the block ends, or breaks off, nothing is left."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    async with sheet("list.csv", ("Name", "SIMs"), pieces()) as path:
        text = path.read_bytes().decode("utf-8")
        assert path.name == "list.csv"
        assert path.is_relative_to(tmp_path)
    assert text == HEAD + 'Name,SIMs\r\nMüller,1\r\n"\'=HYPERLINK(""http://bad"")",2\r\n<!channel>,\r\n'
    assert left_in(tmp_path) == []

    with pytest.raises(ZeroDivisionError):
        async with sheet("list.csv", ("Name",), whole([])):
            raise ZeroDivisionError
    assert left_in(tmp_path) == []


async def test_a_disk_that_takes_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No folder can be made, or the name is too long for the disk: a StoreError says so, and the rows are let go of."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(StoreError, match="could not be written here: No such file"):
        async with sheet("list.csv", ("Name",), whole([])):
            pytest.fail("there is no file")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    rows = pieces()
    with pytest.raises(StoreError, match="could not be written here: File name too long"):
        async with sheet("x" * 300, ("Name",), rows):
            pytest.fail("there is no file")
    assert left_in(tmp_path) == []
    assert [piece async for piece in rows] == []


async def test_what_breaks_in_the_block_stays_what_it_was() -> None:
    """An error of the disk that is not about writing the file is not told as one."""
    with pytest.raises(FileNotFoundError):
        async with sheet("list.csv", ("Name",), whole([])):
            raise FileNotFoundError
