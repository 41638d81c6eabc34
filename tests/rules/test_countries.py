"""The cycle and the account that somebody asks the traffic of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInput
from bot.rules.countries import Wanted, read_wanted

RIGHT = {
    "": Wanted(),
    "  2026-11 ": Wanted("2026-11"),
    "account:acme": Wanted(None, "acme"),
    "2026-11 account:acme": Wanted("2026-11", "acme"),
    "account:acme 2026-11": Wanted("2026-11", "acme"),
    "account: acme": Wanted(None, "acme"),
    "ACCOUNT:Acme Europe GmbH 2026-01": Wanted("2026-01", "Acme Europe GmbH"),
    '2026-12 account:"Acme 2026-11"': Wanted("2026-12", "Acme 2026-11"),
    "account:“Acme Europe” 2026-11": Wanted("2026-11", "Acme Europe"),
    "account:深圳智联账户": Wanted(None, "深圳智联账户"),
    "account:2026-11": Wanted(None, "2026-11"),
    "account:account": Wanted(None, "account"),
}
WRONG = {
    "2026-13": "“2026-13” is not a billing cycle: write it as YYYY-MM, like `2026-11`.",
    "2026-00": "YYYY-MM",
    "2026-1": "YYYY-MM",
    "11-2026": "YYYY-MM",
    "２０２６-11": "YYYY-MM",
    "november": "“november” is not a billing cycle",
    "acme": "An account is written as `account:NAME`.",
    "2026-10 2026-11": "One billing cycle at a time.",
    "2026-10 account:acme 2026-11": "One billing cycle at a time.",
    "november account:acme": "“november”",
    "account:": "The name of an account is missing",
    'account:" "': "The name of an account is missing",
}


@pytest.mark.parametrize("text", RIGHT)
def test_what_is_asked_for(text: str):
    """A cycle and an account are read in either order; names may have blanks, quotes and any script."""
    assert read_wanted(text) == RIGHT[text]


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_said(text: str):
    """A month that is none, or a word that is no cycle, is answered with how to write it."""
    with pytest.raises(BadInput) as problem:
        read_wanted(text)

    assert WRONG[text] in str(problem.value)


@given(st.text(max_size=80))
def test_anything_is_read_or_refused(text: str):
    """Whatever is typed, it is understood or refused in words; a cycle that is read is one."""
    try:
        wanted = read_wanted(text)
    except BadInput:
        return
    assert wanted.cycle is None or 1 <= int(wanted.cycle[5:]) <= 12
    assert wanted.account is None or wanted.account.strip()
