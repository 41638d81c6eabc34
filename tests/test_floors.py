"""The floors of the house: imports point down only, without a circle."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# What each part may see besides itself and plain libraries, from the ground to the roof.
GROUND = ("bot.rules", "bot.errors", "bot.clock")
FIRST = ("bot.smarthub", "bot.slack", "bot.store", "bot.sheets", "bot.pictures", "bot.views")
SEES: Mapping[str, tuple[str, ...]] = {
    "bot.errors": (),
    "bot.clock": (),
    "bot.logs": (),
    "bot.rules": ("bot.errors",),
    "bot.config": ("bot.rules", "bot.errors"),
    "bot.smarthub": GROUND,
    "bot.slack": GROUND,
    "bot.store": GROUND,
    "bot.sheets": GROUND,
    "bot.pictures": (),
    "bot.views": GROUND,
    "bot.flows": (*GROUND, *FIRST),
    "bot.simulator": (*GROUND, *FIRST),
    "handlers": (*GROUND, "bot.flows", "bot.views"),
    "bot.neighbours": (*GROUND, *FIRST, "bot.config", "bot.flows", "bot.assembly"),
    "bot.auditing": (*GROUND, "bot.store", "bot.config"),
    "bot.replaying": (*GROUND, "bot.store", "bot.config"),
    "bot.asking": (*GROUND, *FIRST, "bot.config", "bot.neighbours"),
    "bot.assembly": (*GROUND, *FIRST, "bot.config", "bot.flows"),
    "bot.app": (*GROUND, *FIRST, "bot.config", "bot.flows", "bot.neighbours", "bot.assembly", "bot.logs", "handlers"),
    "bot.__main__": (
        *GROUND,
        *FIRST,
        "bot.config",
        "bot.flows",
        "bot.simulator",
        "handlers",
        "bot.neighbours",
        "bot.auditing",
        "bot.app",
        "bot.asking",
        "bot.logs",
        "bot.replaying",
    ),
}
# On these floors the rooms do not see one another either; what they share is named.
SHARED = {"bot.flows": (), "handlers": ("handlers.listening", "handlers.switchboard")}
# Libraries that stay in one module.
KEPT_IN = {"httpx": "bot.smarthub.transport"}


@cache
def imports(root: Path) -> dict[str, set[str]]:
    """Each module of the two packages with every module it imports, wherever in the file it does so."""
    files = [f for package in ("bot", "handlers") for f in (root / package).rglob("*.py")]
    named = {".".join(f.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): f for f in files}
    return {name: set(_imported(file, name, set(named))) for name, file in named.items()}


def _imported(file: Path, name: str, known: set[str]) -> Iterator[str]:
    package = name.split(".") if file.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            below = {f"{source}.{alias.name}" for alias in node.names}
            # "from bot.rules import sims" is about bot.rules.sims, and about bot.rules only where a name is meant.
            yield from below & known
            if below - known:
                yield source


def part_of(module: str) -> str | None:
    """The part of the house a module belongs to, `None` for a library."""
    return next((part for part in SEES if module == part or module.startswith(part + ".")), None)


def room_of(module: str, part: str) -> str:
    """The noun of a module on its floor: bot.flows.sims for bot.flows.sims.reading as well."""
    return ".".join(module.split(".")[: len(part.split(".")) + 1])


def violations(seen: Mapping[str, set[str]]) -> list[str]:
    """Each import that looks where it may not, as "who -> whom"."""
    return sorted(f"{who} -> {whom}" for who, others in seen.items() for whom in others if not _may(who, whom))


def _may(who: str, whom: str) -> bool:
    mine, theirs = part_of(who), part_of(whom)
    if theirs is None:
        library = whom.partition(".")[0]
        return who == KEPT_IN.get(library, who) and library not in ("bot", "handlers", "tests")
    if mine is None:  # bot/__init__.py
        return False
    if mine != theirs:
        return theirs in SEES[mine]
    return mine not in SHARED or room_of(who, mine) == room_of(whom, mine) or room_of(whom, mine) in SHARED[mine]


def circle(seen: Mapping[str, set[str]]) -> list[str]:
    """One circle of imports, or nothing. A package that gathers its own modules is no circle."""
    inside = {who: {w for w in whom if w in seen and w != who} for who, whom in seen.items()}
    try:
        TopologicalSorter(inside).prepare()
    except CycleError as exc:
        return list(exc.args[1])
    return []


def test_imports_point_down() -> None:
    """Every import in bot/ and handlers/ leads to a lower floor, or to where it is allowed to look on its own."""
    seen = imports(ROOT)

    assert {"bot.errors", "bot.rules.sims", "bot.config.reading"} <= set(seen)
    assert violations(seen) == []


def test_there_is_no_circle() -> None:
    """No module imports itself by a detour."""
    assert circle(imports(ROOT)) == []


BAD = {
    "bot/rules/sims.py": ("import bot.store.sims", "bot.rules.sims -> bot.store.sims"),
    "bot/rules/a.py": ("from bot.clock import Clock", "bot.rules.a -> bot.clock"),
    "bot/views/sims.py": ("from bot.store import sims", "bot.views.sims -> bot.store"),
    "bot/store/sims.py": ("from bot.smarthub.client import Client", "bot.store.sims -> bot.smarthub.client"),
    "bot/flows/sms.py": ("from bot.flows.sims import show", "bot.flows.sms -> bot.flows.sims"),
    "bot/flows/bulk.py": ("def f():\n    from .jobs import x", "bot.flows.bulk -> bot.flows.jobs"),
    "bot/flows/sims.py": ("import httpx", "bot.flows.sims -> httpx"),
    "bot/flows/audit.py": ("from bot.config import Config", "bot.flows.audit -> bot.config"),
    "bot/simulator/hub.py": ("from bot.flows import sims", "bot.simulator.hub -> bot.flows"),
    "handlers/commands.py": ("from handlers.buttons import x", "handlers.commands -> handlers.buttons"),
    "handlers/buttons.py": ("from bot.store.sims import x", "handlers.buttons -> bot.store.sims"),
    "handlers/webhook.py": ("import bot.app", "handlers.webhook -> bot.app"),
    "bot/app.py": ("import bot.__main__", "bot.app -> bot.__main__"),
    "bot/clock.py": ("import tests.conftest", "bot.clock -> tests.conftest"),
}
GOOD = {
    "bot/smarthub/transport.py": "import httpx\nfrom bot.smarthub import wire",
    "bot/flows/alerts/quota.py": "from bot.flows.alerts.parts import x\nfrom bot.store import alerts",
    "handlers/schedule.py": "from handlers.listening import x\nfrom bot.flows import alerts",
    "bot/app.py": "from bot.config import Config\nimport handlers.commands",
}


def build(root: Path, files: Mapping[str, str]) -> Path:
    """A made-up house with these files in it."""
    for name, code in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(code)
    return root


@pytest.mark.parametrize(("file", "code", "found"), [(file, *rest) for file, rest in BAD.items()])
def test_the_check_would_notice(tmp_path: Path, file: str, code: str, found: str) -> None:
    """In a made-up house, an import that leads up or across is found, and only that one."""
    seen = imports(build(tmp_path, {**GOOD, file: code}))

    assert violations(seen) == [found]


def test_the_check_would_notice_a_circle(tmp_path: Path) -> None:
    """In a made-up house, two modules that import each other are found, and those that do not are let be."""
    assert circle(imports(build(tmp_path / "good", GOOD))) == []

    files = {"bot/rules/a.py": "from bot.rules import b", "bot/rules/b.py": "from .a import x"}
    assert set(circle(imports(build(tmp_path / "bad", files)))) == {"bot.rules.a", "bot.rules.b"}
