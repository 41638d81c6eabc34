"""What is asked for when somebody asks for traffic by country. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.errors import BadInput
from bot.rules.sims import quotable

CYCLE = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")
ACCOUNT = re.compile(r"(?:^|\s)account:\s*(?:[\"“”](?P<quoted>[^\"“”]*)[\"“”]|(?P<bare>.*))", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Wanted:
    """A billing cycle like 2026-11, `None` for the one SmartHub is in; and an account, `None` for all of them."""

    cycle: str | None = None
    account: str | None = None


def read_wanted(text: str) -> Wanted:
    """The cycle and the account in `[YYYY-MM] [account:NAME]`; a name may have blanks. Raises BadInput."""
    found = ACCOUNT.search(text)
    if found is None:
        return Wanted(_cycle(text.split()))
    words = text[: found.start()].split() + text[found.end() :].split()
    name = found["quoted"]
    if name is None:
        name, behind = _without_cycle(found["bare"].strip())
        words += behind
    if not name.strip():
        raise BadInput("The name of an account is missing behind `account:`.")
    return Wanted(_cycle(words), name.strip())


def _without_cycle(name: str) -> tuple[str, list[str]]:
    """A name that runs to the end of the line, without the cycle that may be written behind it."""
    before, _, last = name.rpartition(" ")
    return (before.strip(), [last]) if before and CYCLE.fullmatch(last) else (name, [])


def _cycle(words: list[str]) -> str | None:
    """The cycle in these words, which may be one at most. Raises BadInput."""
    wrong = next((word for word in words if not CYCLE.fullmatch(word)), None)
    if wrong is not None:
        raise BadInput(
            f"“{quotable(wrong)}” is not a billing cycle: write it as YYYY-MM, like `2026-11`. "
            f"An account is written as `account:NAME`."
        )
    if len(words) > 1:
        raise BadInput("One billing cycle at a time.")
    return words[0] if words else None
