"""The README, the pages beside it and the demo's hints, held against the code."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from bot.__main__ import main
from bot.config.environment import SECRETS
from bot.rules.approvals import State
from bot.rules.audit import KEYS
from bot.rules.commands import VERBS, Verb
from bot.rules.events import EVENTS
from bot.rules.manifest import SCOPES
from bot.rules.people import Role
from bot.simulator.fleet import Fleet
from tests.talk import START

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
GOING_LIVE = (ROOT / "docs" / "going-live.md").read_text("utf-8")
AUDIT = (ROOT / "docs" / "audit.md").read_text("utf-8")
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
NAMED = pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])


def rows(text: str, first: str) -> list[tuple[str, ...]]:
    """The rows of the table whose head begins with this word, cell by cell."""
    lines = [line.strip() for line in text.splitlines()]
    start = next(n for n, line in enumerate(lines) if line.startswith(f"| {first} |"))
    found = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        cells = re.split(r"(?<!\\)\|", line.strip("|"))
        found.append(tuple(cell.strip().replace("\\|", "|") for cell in cells))
    return found


def who_may(verb: Verb) -> str:
    """The role in the README's word."""
    return "anyone" if verb.role is Role.NOBODY else verb.role.name.lower()


def words_of(command: click.Command, path: str = "simops") -> Iterator[str]:
    """Each word of the command line that does something, with those before it."""
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from words_of(below, f"{path} {name}")
    else:
        yield path


def words_of_run() -> list[str]:
    """The words that ./run knows: the labels of its last `case`."""
    script = (ROOT / "run").read_text("utf-8")
    return re.findall(r"^    ([a-z]+)\)", script[script.rindex('case "$word" in') :], re.MULTILINE)


def slug(heading: str) -> str:
    """The anchor GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def test_every_verb_stands_in_the_readme() -> None:
    """The table of what can be typed has each verb of the parser's table, word for word, and nothing else."""
    expected = [(f"`/sim {verb.usage}`", verb.does, who_may(verb)) for verb in VERBS.values()]

    assert rows(README, "in Slack") == expected


def test_every_role_stands_in_the_readme() -> None:
    """The table of roles has each role that can be given, from the least to the most."""
    assert [row[0] for row in rows(README, "role")] == [role.name.lower() for role in Role if role is not Role.NOBODY]


def test_every_state_stands_in_the_readme() -> None:
    """The table of states has each state a request can be in."""
    assert [row[0] for row in rows(README, "state")] == [
        *(State.PENDING, State.RUNNING, State.COOLING, State.DONE, State.FAILED, State.UNSURE),
        *(State.DENIED, State.WITHDRAWN, State.LAPSED),
    ]
    assert len(State) == len(rows(README, "state"))


def test_every_notification_stands_in_the_readme() -> None:
    """The table of notifications has all nine, each with its address."""
    expected = [(words, f"`https://HOST/smarthub/SECRET/{name}`") for name, words in EVENTS.items()]

    assert rows(README, "notification") == expected


def test_every_variable_stands_in_the_readme() -> None:
    """The table of the environment has each variable that is read."""
    assert [row[0] for row in rows(README, "variable")] == [f"`{name}`" for name in (*SECRETS, "SIMOPS_CONFIG", "PORT")]


def test_every_word_of_the_command_line_stands_in_the_readme() -> None:
    """The first table of words has each word of `simops`, and none that there is not."""
    told = [row[0].strip("`") for row in rows(README, "word") if row[0].startswith("`simops")]

    assert sorted(told) == sorted(words_of(main))


def test_every_word_of_run_stands_in_the_readme() -> None:
    """The last table of words has each word of ./run, and none that there is not."""
    told = [row[0].strip("`") for row in rows(README[README.index("## Working on it") :], "word")]

    assert sorted(told) == sorted(f"./run {word}" for word in words_of_run())


def test_every_scope_stands_in_the_steps() -> None:
    """The table of scopes has each scope of the manifest with its reason, as `--explain` prints them."""
    assert rows(GOING_LIVE, "scope") == [(f"`{scope}`", reason) for scope, reason in sorted(SCOPES.items())]


def test_every_key_of_the_audit_log_is_explained() -> None:
    """The table of keys has each key that a line can hold, word for word."""
    assert rows(AUDIT, "key") == [(f"`{name}`", key.means) for name, key in KEYS.items()]


def test_every_option_of_the_audit_words_is_explained() -> None:
    """The table of options has each one that list and export share."""
    words = main.get_command(click.Context(main), "audit")
    assert isinstance(words, click.Group)
    shared = [f"`{option.opts[0]} {option.metavar}`" for option in words.commands["list"].params]

    assert [row[0] for row in rows(AUDIT, "option")] == shared


def test_the_settings_have_their_place() -> None:
    """The README and the steps lead to the file that shows every setting."""
    assert "](config.example.toml)" in README
    assert "](../config.example.toml)" in GOING_LIVE


@pytest.mark.parametrize("text", [README, GOING_LIVE, AUDIT], ids=["README", "going-live", "audit"])
def test_every_setting_that_is_named_exists(text: str) -> None:
    """A setting that a page names in code, like `store.path`, stands in the example, there or commented out."""
    example = (ROOT / "config.example.toml").read_text("utf-8")
    sections = tomllib.loads(example)
    named = re.findall(r"`(" + "|".join(sections) + r")\.(\w+)(?: = [^`]*)?`", text)

    assert named
    for section, setting in named:
        below = example[example.index(f"\n[{section}]\n") :].split("\n[")[1]
        assert re.search(rf"^#?{setting} = ", below, re.MULTILINE), f"{section}.{setting}"


def test_the_readme_begins_with_what_matters() -> None:
    """The first screen says what it is, shows it, and has the two commands."""
    screen = "\n".join(README.splitlines()[:20])

    assert re.search(r"!\[[^\]]{40,}\]\(docs/demo\.png\)", screen)
    assert "\n./run demo " in screen
    assert "\n./run check " in screen


def test_the_sim_of_the_readme_is_in_the_demo() -> None:
    """The SIM that the README says to suspend in the demo is there, and active."""
    named = re.findall(r"/sim suspend (\d+) ", README)
    fleet = Fleet(10, lambda: START)

    assert named == [fleet.giccid(0)]
    assert fleet.status(0) == "ACTIVATED"


@NAMED
def test_links_lead_somewhere(page: Path) -> None:
    """Each link inside the repository leads to a file that exists, and to a heading that is there."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if target.startswith("https://"):
            continue
        file, _, anchor = target.partition("#")
        there = (page.parent / file).resolve() if file else page
        assert there.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", there.read_text("utf-8"), re.MULTILINE)
            assert anchor in map(slug, headings), target


@NAMED
def test_pages_are_at_home_everywhere(page: Path) -> None:
    """No page names a package registry or a path of somebody's machine, and its lines can be read in a terminal."""
    text = page.read_text("utf-8")

    assert not re.search(r"pypi\.org|pythonhosted|registry\.npmjs|index-url|/home/|/root/|/work/|/tmp/|/Users/", text)
    assert [line for line in text.splitlines() if len(line) > 120] == []


def test_the_changelog_has_this_version() -> None:
    """The newest version in the changelog is the one in pyproject.toml, with a day to it."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    newest = re.findall(
        r"^## \[(\d[^\]]*)\] - \d{4}-\d\d-\d\d$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE
    )

    assert newest[0] == version


def test_the_page_hints_at_every_verb() -> None:
    """What the demo's page offers while one types is the parser's table, with the words behind the verb as a hint."""
    script = (ROOT / "bot/simulator/page/composer.js").read_text("utf-8")
    listed = re.search(r"^const COMMANDS = (\[.*?^\]);", script, re.MULTILINE | re.DOTALL)
    assert listed is not None

    expected = []
    for name, verb in VERBS.items():
        more = verb.usage.split("` or `")[-1].removeprefix(name).strip()
        expected.append([f"/sim {name} ", f"{more}: {verb.does}"] if more else [f"/sim {name}", verb.does])
    assert json.loads(re.sub(r",\s*\]$", "]", listed.group(1))) == expected
