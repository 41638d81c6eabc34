"""The audit words of the command line, with filters, files and a beginning that retention removed."""

from __future__ import annotations

import asyncio
import csv
import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.__main__ import main
from bot.rules.audit import COLUMNS, Deed
from bot.rules.sheets import HEAD, read_cell
from bot.store import Store
from bot.store.audit import write_down
from bot.store.retention import Retention
from tests.talk import ENVIRON

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
SIM = "8949212600000000142"
CONFIG = """
[slack]
approvals_channel = "C1"
alerts_channel = "C2"
[smarthub]
base_url = "https://example.smh.smarthing.com/v1"
[roles]
admins = ["U0ADMIN"]
[store]
path = "STORE"
"""


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Eight lines, one a day, and a configuration beside them."""
    path = tmp_path / "simops.db"
    opened = Store(path)

    def work(db: sqlite3.Connection) -> None:
        for n in range(8):
            detail = {"giccid": SIM if n % 4 == 0 else None, "reason": f"=1+1 № {n}\x1b[31m", "before": "active"}
            deed = Deed(f"U{n % 2}", "asked" if n % 4 == 0 else "approved", f"approval:{n // 4}", detail)
            write_down(db, deed, at=NOW + timedelta(days=n))

    asyncio.run(opened.disk.write(work))
    opened.close()
    (tmp_path / "config.toml").write_text(CONFIG.replace("STORE", str(path)), "utf-8")
    return path


def audit(*words: str, beside: Path) -> Result:
    """What `simops audit …` prints and how it ends."""
    environ = dict(ENVIRON) | {"SIMOPS_CONFIG": str(beside.parent / "config.toml")}
    result = CliRunner().invoke(main, ("audit", *words), env=environ, prog_name="simops")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def numbers(*words: str, beside: Path) -> list[int]:
    """The numbers of the lines that are listed; exported, they are the same."""
    listed = [int(line.split()[0]) for line in audit("list", *words, beside=beside).output.splitlines()]
    assert [json.loads(row)["id"] for row in audit("export", *words, beside=beside).output.splitlines()] == listed
    return listed


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ((), [1, 2, 3, 4, 5, 6, 7, 8]),
        (("--sim", SIM), [1, 2, 3, 4, 5, 6, 7, 8]),
        (("--sim", SIM[:-1]), [1, 2, 3, 4, 5, 6, 7, 8]),
        (("--sim", SIM, "--action", "asked"), [1, 5]),
        (("--sim", "x' OR 1=1 --"), []),
        (("--by", "U1"), [2, 4, 6, 8]),
        (("--by", "<@U1|omar>"), [2, 4, 6, 8]),
        (("--request", "1"), [5, 6, 7, 8]),
        (("--request", "#0", "--by", "U1"), [2, 4]),
        (("--subject", "approval:0"), [1, 2, 3, 4]),
        (("--since", "2026-11-22"), [3, 4, 5, 6, 7, 8]),
        (("--until", "2026-11-22"), [1, 2, 3]),
        (("--since", "2026-11-21T09:30", "--until", "2026-11-24T09:30"), [2, 3, 4]),
        (("--since", "2026-12-30"), []),
        (("--limit", "3"), [6, 7, 8]),
        (("--by", "U1", "--limit", "1"), [8]),
        (("--limit", "100"), [1, 2, 3, 4, 5, 6, 7, 8]),
    ],
)
def test_what_is_asked_for(store: Path, words: tuple[str, ...], found: list[int]):
    """Each filter, alone and with others, brings the lines that fit, in order."""
    assert numbers(*words, beside=store) == found


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--by", "omar"), "nobody's Slack user id"),
        (("--request", "x"), "not the number of a request"),
        (("--since", "yesterday"), "write a day"),
        (("--until", "9999-12-31"), "write a day"),
    ],
)
def test_what_cannot_be_understood(store: Path, words: tuple[str, ...], said: str):
    """What cannot be understood is said in a sentence, with exit code 1."""
    for word in ("list", "export"):
        result = audit(word, *words, beside=store)
        assert (result.exit_code, said in result.output) == (1, True)


def test_a_listed_line(store: Path):
    """A line says all that is known of it, and nothing in it moves the terminal."""
    line = audit("list", "--limit", "8", beside=store).output.splitlines()[0]

    assert line == (
        "1  2026-11-20 09:30:00  U0  asked  approval:0  SIM 8949212600000000142  active → ?  because =1+1 № 0�[31m"
    )


def test_export_as_csv(store: Path, tmp_path: Path):
    """The CSV has a column for each key, opens in a spreadsheet without a formula in it, and is complete."""
    file = tmp_path / "out.csv"
    result = audit("export", "--format", "csv", "--output", str(file), beside=store)
    text = file.read_bytes().decode("utf-8")
    rows = list(csv.DictReader(text.removeprefix(HEAD).splitlines()))

    assert (result.exit_code, result.output) == (0, "")
    assert file.stat().st_mode & 0o777 == 0o600
    assert tuple(rows[0]) == COLUMNS
    assert [row["id"] for row in rows] == ["1", "2", "3", "4", "5", "6", "7", "8"]
    assert rows[0]["reason"].startswith("'=1+1")
    assert read_cell(rows[0]["giccid"]) == SIM
    assert audit("export", "--format", "csv", beside=store).stdout_bytes.decode("utf-8") == text
    assert list(tmp_path.glob("*.part")) == []


def test_export_into_a_place_that_is_not_there(store: Path, tmp_path: Path):
    """A file that cannot be written is a sentence and exit code 1, and an older export stays as it was."""
    result = audit("export", "--output", str(tmp_path / "nowhere" / "out.jsonl"), beside=store)
    assert (result.exit_code, "cannot be written" in result.output) == (1, True)

    old = tmp_path / "old.jsonl"
    old.write_text("old")
    with sqlite3.connect(store) as db:
        db.execute("DROP TABLE audit")
    db.close()
    assert audit("export", "--output", str(old), beside=store).exit_code == 1
    assert old.read_text() == "old"
    assert list(tmp_path.glob("*.part")) == []


# --- after retention ---


def prune(store: Path, *, days: int, archive: Path | None = None, chunks: int = 9) -> str:
    """Removes what is older than so many days, in chunks of two; the seal of the anchor."""
    opened = Store(store)

    async def work() -> str:
        retention = Retention(opened.disk)
        part = await retention.part(before=NOW + timedelta(days=days), now=NOW + timedelta(days=9), archive=archive)
        assert part is not None
        anchor = await retention.close(part, keep="3 d", now=NOW + timedelta(days=9))
        for _ in range(chunks):
            await retention.drop(anchor, most=2)
        return anchor.seal

    seal = asyncio.run(work())
    opened.close()
    return seal


def test_verify_knows_the_removed_beginning(store: Path):
    """What was removed is said, with day and seal, and the rest is judged."""
    seal = prune(store, days=5)
    result = audit("verify", beside=store)
    last = json.loads(audit("export", "--limit", "1", beside=store).output)

    assert result.exit_code == 0
    assert result.output == (
        f"Lines 1 to 5 were removed by retention on 2026-11-29 (seal {seal}).\n"
        f"Lines 6 to 9, all whole. Last seal: {last['seal']}\n"
    )
    assert numbers(beside=store) == [6, 7, 8, 9]


def test_verify_in_the_middle_of_a_removal(store: Path):
    """While lines go, the log is whole."""
    prune(store, days=5, chunks=1)

    assert "Lines 3 to 9, all whole." in audit("verify", beside=store).output


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE audit_anchors SET last = 4", "Removal 1 (lines 1 to 4) was changed"),
        ("UPDATE audit_anchors SET at = replace(at, 'T', ' ')", "Removal 1 (lines 1 to 5) was changed"),
        ("DELETE FROM audit_anchors", "Line 1 is missing: after it comes line 6."),
        ("DELETE FROM audit WHERE id = 6", "Line 6 is missing"),
        ("DELETE FROM audit WHERE id = 9", "No line tells of the removal of lines 1 to 5."),
        ("DELETE FROM audit", "No line tells of the removal of lines 1 to 5."),
        ("UPDATE audit SET actor = 'U9' WHERE id = 9", "Line 9 was changed"),
    ],
)
def test_verify_finds_what_was_done_to_a_pruned_log(store: Path, statement: str, said: str):
    """A changed or missing anchor, and lines deleted by hand, are named, with exit code 1."""
    prune(store, days=5)
    with sqlite3.connect(store) as db:
        db.execute(statement)
    db.close()
    result = audit("verify", beside=store)

    assert (result.exit_code, said in result.output) == (1, True)


def test_verify_of_files(store: Path, tmp_path: Path):
    """An archive and an export that goes on from it are verified without the store, and every change is found."""
    archive, rest = tmp_path / "archive" / "audit-1-5.jsonl", tmp_path / "rest.jsonl"
    prune(store, days=5, archive=archive.parent)
    audit("export", "--output", str(rest), beside=store)
    last = json.loads(rest.read_text("utf-8").splitlines()[-1])["seal"]
    store.unlink()

    assert audit("verify", str(archive), str(rest), beside=store).output == (
        f"Lines 1 to 9, all whole. They follow the seal {'0' * 64}\nLast seal: {last}\n"
    )
    assert "Lines 6 to 9, all whole." in audit("verify", str(rest), beside=store).output
    wrong = audit("verify", str(rest), str(archive), beside=store)
    assert (wrong.exit_code, wrong.output) == (1, f"{archive}, row 1: Line 10 is missing: after it comes line 1.\n")

    whole = rest.read_bytes()
    for at in range(0, len(whole), 37):
        rest.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert audit("verify", str(rest), beside=store).exit_code == 1, at


def test_verify_of_an_empty_file(store: Path, tmp_path: Path):
    """Nothing is nothing wrong; a file that is not there is said."""
    (tmp_path / "empty.jsonl").write_text("")

    assert audit("verify", str(tmp_path / "empty.jsonl"), beside=store).output == "There is no line in them.\n"
    assert audit("verify", str(tmp_path / "nowhere.jsonl"), beside=store).exit_code == 2


def test_beside_a_running_bot(store: Path):
    """All words work while a bot has the store, and none of them writes into it."""
    running = Store(store)
    try:
        before = store.read_bytes()
        for words in (["list"], ["export"], ["export", "--format", "csv"], ["verify"]):
            assert audit(*words, beside=store).exit_code == 0
        assert store.read_bytes() == before
    finally:
        running.close()
