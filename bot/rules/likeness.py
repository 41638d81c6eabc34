"""Which names look like what somebody wrote. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

AT_MOST = 300  # names that are compared letter by letter; comparing takes about 20 µs each


def alike(word: str, names: Iterable[str], *, most: int = 3) -> tuple[str, ...]:
    """The names that may be meant, the likeliest first: the same but for capitals, then beginning or holding the word,
    then a few letters away.
    """
    known = {name.casefold(): name for name in names}
    typed = word.casefold().strip()
    if not typed:
        return ()
    holding = sorted((n for n in known if typed in n), key=lambda n: (n != typed, not n.startswith(typed), len(n), n))
    # Scripts that write a word in one or two signs need more patience than the 0.6 that is usual.
    close = get_close_matches(typed, list(known)[:AT_MOST], n=most, cutoff=0.6 if typed.isascii() else 0.4)
    return tuple(known[name] for name in dict.fromkeys([*holding[:most], *close]))[:most]
