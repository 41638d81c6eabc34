"""The tree of errors: one root, all in one file, each a sentence."""

from __future__ import annotations

import ast
import builtins
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import errors
from bot.errors import BotError

ROOT = Path(__file__).parent.parent
OURS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, BaseException)]
BUILT_IN = {name for name, kind in vars(builtins).items() if inspect.isclass(kind) and issubclass(kind, BaseException)}
# What may be raised without being ours: they end the process, or say that a line cannot be reached.
ALLOWED = {"SystemExit", "KeyboardInterrupt", "NotImplementedError", "AssertionError", "StopAsyncIteration"}


def drawn() -> dict[str, str]:
    """Each class in the drawing of the module's docstring with the one it hangs from."""
    above: dict[int, str] = {}
    found = {}
    for line in (errors.__doc__ or "").splitlines():
        if match := re.match(r"((?:│   |    )*)[├└]── (\w+)", line):
            depth = len(match[1]) // 4 + 1
            found[match[2]] = above[depth - 1]
            above[depth] = match[2]
        elif re.fullmatch(r"\w+", line):
            above[0] = line
    return found


def made(kind: type[BaseException], sentence: str) -> BaseException:
    """An error of this kind, whatever else it wants besides its sentence."""
    if kind is errors.ConfigError:
        return errors.ConfigError([sentence])
    wants_code = "code" in inspect.signature(kind.__init__).parameters
    return kind(sentence, code="invalid") if wants_code else kind(sentence)


def foreign_errors(path: Path) -> Iterator[str]:
    """Each class of error this file defines, and each built-in one it raises and does not catch itself."""
    known = BUILT_IN | {kind.__name__ for kind in OURS}
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    # A callback of json or re may only fail in the library's own way; the same file then makes it an error of ours.
    handlers = [n.type for n in nodes if isinstance(n, ast.ExceptHandler) and n.type]
    caught = {n.id for handler in handlers for n in ast.walk(handler) if isinstance(n, ast.Name)}
    for node in nodes:
        if isinstance(node, ast.ClassDef):
            above = {ast.unparse(base).rpartition(".")[2] for base in node.bases}
            if above & known or any(re.search(r"(Error|Exception)$", name) for name in above):
                yield f"{path}:{node.lineno} defines {node.name}"
        if isinstance(node, ast.Raise) and node.exc is not None:
            what = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            if isinstance(what, ast.Name) and what.id in BUILT_IN - ALLOWED - caught:
                yield f"{path}:{node.lineno} raises {what.id}"


def test_the_drawing_is_the_tree() -> None:
    """The tree in the docstring of bot/errors.py shows every class under the one it derives from, and no other."""
    assert drawn() == {kind.__name__: kind.__bases__[0].__name__ for kind in OURS if kind is not BotError}


@pytest.mark.parametrize("kind", OURS, ids=lambda kind: kind.__name__)
def test_every_error_is_a_sentence_of_ours(kind: type[BaseException]) -> None:
    """Every error derives from BotError, is described, and is its sentence when it is printed."""
    assert issubclass(kind, BotError)
    assert "__doc__" in vars(kind)
    assert inspect.getdoc(kind)
    assert str(made(kind, "SmartHub cannot be reached.")).endswith("SmartHub cannot be reached.")


def test_errors_live_in_one_file() -> None:
    """Nowhere else is a class of error defined, and no built-in one is raised, outside the simulator."""
    files = [*(ROOT / "bot").rglob("*.py"), *(ROOT / "handlers").rglob("*.py")]
    others = [f for f in files if f != ROOT / "bot/errors.py" and ROOT / "bot/simulator" not in f.parents]

    assert len(others) > 10
    assert [found for file in others for found in foreign_errors(file)] == []


CLEAN = """
class Sim(Section): pass
def f():
    raise BadInput("x") from None
def g():
    try:
        raise ValueError
    except (KeyError, ValueError):
        pass
"""


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("class Mine(Exception): pass", "defines Mine"),
        ("class Mine(errors.BotError): pass", "defines Mine"),
        ("class Mine(httpx.HTTPError): pass", "defines Mine"),
        ("def f():\n    raise ValueError('x')", "raises ValueError"),
        ("def f():\n    raise Exception", "raises Exception"),
    ],
)
def test_the_check_would_notice(tmp_path: Path, code: str, found: str) -> None:
    """An error in the wrong place is found, and what we do everywhere is not."""
    (tmp_path / "bad.py").write_text(code)
    (tmp_path / "good.py").write_text(CLEAN)

    [line] = foreign_errors(tmp_path / "bad.py")
    assert line.endswith(found)
    assert list(foreign_errors(tmp_path / "good.py")) == []
