"""Runs the benchmarks beside this file: all quick ones, or the one that is named with words for it.

A benchmark is a module with a docstring and `main()`; one that takes long says `SLOW = True` and runs when it is named.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Bench:
    """A benchmark: its name, what it is for, and whether it takes long."""

    name: str
    does: str
    slow: bool


def found(folder: Path = HERE) -> list[Bench]:
    """The benchmarks in this folder, without running any of them."""
    return [_read(file) for file in sorted(folder.glob("[!_]*.py"))]


def _read(file: Path) -> Bench:
    tree = ast.parse(file.read_text("utf-8"))
    named = {name.id for node in tree.body if isinstance(node, ast.Assign) for name in node.targets
             if isinstance(name, ast.Name)}  # fmt: skip
    return Bench(file.stem, (ast.get_docstring(tree) or "").partition("\n")[0], "SLOW" in named)


def main(words: Sequence[str]) -> int:
    """Runs what the words say; the exit code."""
    benches = found()
    if words and words[0] not in {bench.name for bench in benches}:
        print(f"There is no benchmark '{words[0]}'; there are:", file=sys.stderr)
        for bench in benches:
            print(f"  {bench.name:10} {bench.does}", file=sys.stderr)
        return 2
    if words:
        return _run(words[0], *words[1:])
    worst = 0
    for bench in benches:
        print(f"\n--- {bench.name}: {bench.does}", flush=True)
        if bench.slow:
            print(f"takes long; run it with ./run bench {bench.name}")
        else:
            worst = max(worst, _run(bench.name))
    return worst


def _run(name: str, *words: str) -> int:
    """Each in a process of its own, so that none is measured with what another one left behind."""
    return subprocess.run([sys.executable, "-m", f"bench.{name}", *words], cwd=HERE.parent, check=False).returncode


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
