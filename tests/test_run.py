"""The script `./run` and what it is fed with: its words, its messages, the lock files."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bench import __main__ as benchmarks
from bench import decode

ROOT = Path(__file__).parent.parent
LOCKS = sorted((ROOT / "locks").glob("*.txt"))
SCRIPTS = [ROOT / "run", ROOT / ".ci" / "run", *sorted((ROOT / "tests").glob("*/run"))]


def bash(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """What came of running these words with bash."""
    return subprocess.run(
        ["bash", *words],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def label_of(script: Path) -> str:
    """The script's path inside the project."""
    return str(script.relative_to(ROOT))


def test_no_word_lists_the_words() -> None:
    """`./run` alone prints each word it knows, a line each, and that is no mistake."""
    script = (ROOT / "run").read_text("utf-8")
    known = re.findall(r"^    ([a-z]+)\)", script[script.rindex('case "$word" in') :], re.MULTILINE)

    done = bash(str(ROOT / "run"))

    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(re.findall(r"^\./run ([a-z]+)\b", done.stdout, re.MULTILINE)) == sorted(known)
    assert {"demo", "check", "simops"} <= set(known)


def test_an_unknown_word_is_said() -> None:
    """A word that there is not exits 2, names it, and lists those that there are."""
    done = bash(str(ROOT / "run"), "frobnicate")

    assert done.returncode == 2
    assert done.stderr == "There is no word 'frobnicate'.\n"
    assert "./run demo" in done.stdout


def test_it_runs_from_anywhere(tmp_path: Path) -> None:
    """It finds its own folder, wherever one stands when one calls it."""
    done = subprocess.run([str(ROOT / "run")], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == 0
    assert "./run check" in done.stdout


def test_an_old_python_is_said(tmp_path: Path) -> None:
    """Where every Python is older than 3.11, it says so before it makes anything."""
    project, tools = tmp_path / "project", tmp_path / "tools"
    (project / "locks").mkdir(parents=True)
    tools.mkdir()
    shutil.copy(ROOT / "run", project / "run")
    (project / "locks" / "run.txt").write_text("")
    for tool in ("bash", "dirname", "cksum", "basename", "cat", "rm"):
        found = shutil.which(tool)
        assert found is not None
        (tools / tool).symlink_to(found)
    old = tools / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")  # what an old one answers when it is asked whether it is new enough
    old.chmod(0o755)

    done = bash(str(project / "run"), "demo", PATH=str(tools), PYTHON="")

    assert done.returncode == 1
    assert "Python 3.11 or newer is needed" in done.stderr
    assert not (project / ".venv").exists()


def test_each_benchmark_is_found(tmp_path: Path) -> None:
    """A file put beside the others is a benchmark, with its first line as what it is for; a slow one says so."""
    (tmp_path / "one.py").write_text('"""One thing.\\n\\nMore."""\nSLOW = True\nraise RuntimeError("it was run")\n')
    (tmp_path / "two.py").write_text('"""Another."""\n')
    (tmp_path / "__main__.py").write_text("")

    assert benchmarks.found(tmp_path) == [
        benchmarks.Bench("one", "One thing.", slow=True),
        benchmarks.Bench("two", "Another.", slow=False),
    ]
    here = benchmarks.found()
    assert "decode" in {bench.name for bench in here}
    assert all(len(bench.does) > 20 for bench in here)


def test_each_benchmark_can_be_run() -> None:
    """Each benchmark finds all that it imports, and has a main()."""
    for bench in benchmarks.found():
        assert callable(importlib.import_module(f"bench.{bench.name}").main), bench.name


def test_a_benchmark_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown name ends with 2 and lists those that there are."""
    assert benchmarks.main(["frobnicate"]) == 2

    said = capsys.readouterr().err
    assert "'frobnicate'" in said
    assert "  decode " in said


def test_decoding_is_shown_beside_json(capsys: pytest.CaptureFixture[str]) -> None:
    """What reading a page costs is a ratio to what json.loads costs in the same run."""
    decode.measure(20, times=2)

    said = capsys.readouterr().out
    assert re.findall(r"([\d.]+) times json\.loads$", said, re.MULTILINE)[0] == "1.00"
    assert said.count("SIMs/s") == 3


@pytest.mark.parametrize("script", SCRIPTS, ids=label_of)
def test_the_scripts_can_be_read(script: Path) -> None:
    """bash can read each script, it may be executed, and it stops at its first mistake."""
    done = bash("-n", str(script))

    assert (done.returncode, done.stderr) == (0, "")
    assert os.access(script, os.X_OK)
    assert "\nset -euo pipefail\n" in script.read_text("utf-8")


@pytest.mark.parametrize("lock", LOCKS, ids=label_of)
def test_the_lock_files_are_hashed(lock: Path) -> None:
    """Each requirement of a lock file has its exact version and a hash, and no line holds an address or an option."""
    text = lock.read_text("utf-8").replace("\\\n", " ")
    requirements = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]

    assert requirements
    for line in requirements:
        assert re.match(
            r"[a-z0-9][a-z0-9._-]*(\[[a-z,-]+\])?==[^\s;]+( ; [^#]*?)?\s+--hash=sha256:[0-9a-f]{64}", line
        ), line
        assert re.sub(r"--hash=sha256:[0-9a-f]{64}", "", line).count("--") == 0, line
    assert "://" not in text


def test_what_the_checks_need_holds_what_the_bot_needs() -> None:
    """The lock file for the checks has everything of the bot's, in the same version, as ./run takes for granted."""

    def versions(name: str) -> set[str]:
        return set(re.findall(r"^[a-z0-9][^\s;]*==[^\s;\\]+", (ROOT / "locks" / name).read_text("utf-8"), re.MULTILINE))

    assert versions("run.txt")
    assert versions("run.txt") <= versions("dev.txt")
