"""config.toml, read into a table or into one sentence that says where it cannot be."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

Table = dict[str, object]


def read_table(path: Path) -> tuple[Table | None, tuple[str, ...]]:
    """The table in this file and nothing, or no table and the sentence that says why."""
    try:
        # Windows' editors put a mark in front that TOML does not know: "-sig" takes it off.
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return None, (
            f"There is no file {path}: copy config.example.toml to {path} and fill it in, "
            "or name another file in SIMOPS_CONFIG.",
        )
    except UnicodeDecodeError as exc:
        return None, (f"{path} is not written in UTF-8 (byte {exc.start + 1}): save it as UTF-8.",)
    except (OSError, ValueError) as exc:  # ValueError: a NUL in the path
        reason = exc.strerror if isinstance(exc, OSError) and exc.strerror else "the name cannot be used"
        return None, (f"{path} cannot be read ({reason}): name another file in SIMOPS_CONFIG.",)
    return _parse(text, path)


def _parse(text: str, path: Path) -> tuple[Table | None, tuple[str, ...]]:
    # The parser of the standard library says where, in words; a number of 5,000 digits or brackets in brackets in
    # brackets break it in ways of their own.
    try:
        return tomllib.loads(text), ()
    except tomllib.TOMLDecodeError as exc:
        return None, (f"{path}{_where(str(exc), text)}: mend that line; the rest was not looked at.",)
    except (ValueError, RecursionError):
        return None, (f"{path} holds a number that is too long or brackets that are too deep: take them out.",)


def _where(words: str, text: str) -> str:
    message, line, column = words, text.count("\n") + 1, len(text) - text.rfind("\n")
    if match := re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", words, re.DOTALL):
        message = match[1]
        line, column = int(match[2] or line), int(match[3] or column)
    # The parser names the key it stumbled over, which may be a secret that somebody pasted.
    message = re.sub(r"[('].{4,}[)']", "this name", message, flags=re.DOTALL)
    return f", line {line}, column {column}: {message[:1].lower()}{message[1:]}"
