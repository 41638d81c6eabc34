"""What a reason has to look like: patterns whose matching cannot take long, whatever is typed. Pure."""

from __future__ import annotations

import re
import warnings
from functools import lru_cache
from math import comb

from bot.errors import BadInput

PATTERN_AT_MOST = 200  # characters of a pattern
REASON_AT_MOST = 500  # characters of a reason
# How many ways of matching the longest reason there may be to try: at worst these take about a second.
WAYS_AT_MOST = 100_000_000
# A piece of a pattern: an escaped sign, a class of signs, the beginning of a group, a count, or any one sign.
PIECE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?:|\(\?|\{[0-9]*,?[0-9]*\}|.", re.DOTALL)
COUNT = re.compile(r"\{([0-9]*)(,?)([0-9]*)\}")


@lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """The pattern, ready to match whole reasons. Raises BadInput when it is none, or could take long to match.

    Python's matching cannot be stopped once it runs, so what can go wrong is kept out here: repeated groups, signs that
    look ahead or back, and more choices than there is time to try.
    """
    if not 1 <= len(pattern) <= PATTERN_AT_MOST:
        raise BadInput(f"write a pattern of 1 to {PATTERN_AT_MOST} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about what a later Python may read differently
            compiled = re.compile(pattern, re.DOTALL)
    except (re.error, OverflowError, RecursionError):
        raise BadInput("write a regular expression that Python can read, such as “OPS-[0-9]+.*”") from None
    if _ways(pattern) > WAYS_AT_MOST:
        raise BadInput("this could take too long to match: use fewer of *, +, ?, {…} and |")
    return compiled


def fits(pattern: str, reason: str) -> bool:
    """Whether the whole reason matches; never, when it is too long. Raises BadInput for a pattern that is none."""
    return len(reason) <= REASON_AT_MOST and compile_pattern(pattern).fullmatch(reason) is not None


def _ways(pattern: str) -> int:
    """At most how many ways there are to try this pattern on the longest reason. Raises BadInput."""
    endless, ways, before = 0, 1, ""
    alternatives = [1]  # of each group we are in, the innermost last
    for piece in PIECE.findall(pattern):
        if piece in ("(", "(?:"):
            alternatives.append(1)
        elif piece == "|":
            alternatives[-1] += 1
        elif piece == ")":
            ways *= alternatives.pop()
        elif piece == "(?" or re.fullmatch(r"\\[1-9]", piece):
            raise BadInput("groups that begin with (? and signs such as \\1 cannot be used here, only (…) and (?:…)")
        elif _repeats(piece) and _repeats(before):
            piece = ""  # noqa: PLW2901 -- how greedy the repetition before it is
        elif _repeats(piece):
            if before == ")" and piece != "?":
                raise BadInput("a group in brackets cannot be repeated here, only made optional by a ?")
            choices = _choices(piece)
            endless, ways = (endless + 1, ways) if choices is None else (endless, ways * choices)
        before = piece
    return ways * alternatives[0] * comb(REASON_AT_MOST + endless, endless)


def _repeats(piece: str) -> bool:
    return piece in ("*", "+", "?") or COUNT.fullmatch(piece) is not None


def _choices(piece: str) -> int | None:
    """Between how many lengths a repetition chooses; `None` when there is no end to it."""
    if piece in ("*", "+"):
        return None
    if piece == "?":
        return 2
    match = COUNT.fullmatch(piece)
    assert match is not None  # noqa: S101 -- `_repeats` said so
    low, comma, high = match.groups()
    if not comma:
        return 1
    return None if not high else max(1, int(high) - int(low or 0) + 1)
