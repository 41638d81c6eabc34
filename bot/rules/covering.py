"""Whether one policy fits whatever another fits, so that the other is never reached below it. Pure."""

from __future__ import annotations

from bot.rules.policies import When, folded_names


def covers(wide: When, narrow: When) -> bool:
    """Whether whatever meets `narrow` meets `wide` as well."""
    fields = dict(narrow.custom)
    low, high = narrow.sims or (1, None)
    least, most = wide.sims or (1, None)
    return (
        _within(narrow.operations, wide.operations)
        and least <= low
        and (most is None or (high is not None and high <= most))
        and _within(narrow.accounts, wide.accounts)
        and _within(narrow.plans, wide.plans)
        and all(_within(fields.get(number, ()), values) for number, values in wide.custom)
        and _within(narrow.environments, wide.environments)
        and wide.hours in (None, narrow.hours)
    )


def _within(narrow: tuple[str, ...], wide: tuple[str, ...]) -> bool:
    """Whether one list of names leaves no more open than another; an empty list leaves everything open."""
    return not wide or (bool(narrow) and folded_names(narrow) <= folded_names(wide))
