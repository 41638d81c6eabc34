"""The language of `find`: what is typed is understood, and what is wrong in it is pointed at."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInput
from bot.rules.amounts import Limit, share
from bot.rules.fitting import fits
from bot.rules.searches import FILTERS, LONGEST, Query, read_query
from bot.rules.sims import Sim, Status

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "query"),
    [
        ("berlin pump", Query(words=("berlin", "pump"))),
        ('"berlin pump"', Query(words=("berlin pump",))),
        ("“berlin pump”", Query(words=("berlin pump",))),
        ("status:suspended", Query(places=(("status", ("suspended",)),))),
        ("STATUS:Suspended,active", Query(places=(("status", ("suspended", "active")),))),
        ('account:"acme germany"', Query(places=(("account", ("acme germany",)),))),
        ('account:"a, b",c', Query(places=(("account", ("a, b", "c")),))),
        ("plan:iot-*", Query(places=(("plan", ("iot-*",)),))),
        ("custom2:DE-17", Query(customs=(("custom2", "DE-17"),))),
        ("label:pump", Query(customs=(("custom3", "pump"),))),
        ("msisdn:<tel:+49170|+49 170>", Query(numbers=(("msisdn", "49170"),))),
        ("imei:35-693803", Query(numbers=(("imei", "35693803"),))),
        ("imsi:26203,26202", Query(numbers=(("imsi", "26203"), ("imsi", "26202")))),
        ('iccid:"8949 2126, 8986"', Query(numbers=(("iccid", "89492126"), ("iccid", "8986")))),
        ("berlin --exact", Query(words=("berlin",), exact=True)),
        ("—exact berlin", Query(words=("berlin",), exact=True)),
        ("usage>80%", Query(limits=(Limit("share", ">", 800_000, "80%"),))),
        ("usage > 80 %", Query(limits=(Limit("share", ">", 800_000, "80%"),))),
        ("usage:>80%", Query(limits=(Limit("share", ">", 800_000, "80%"),))),
        ("usage≥0.5%", Query(limits=(Limit("share", ">=", 5_000, "0.5%"),))),
        ("usage<=5GB", Query(limits=(Limit("usage", "<=", 5 * 10**9, "5GB"),))),
        ("usage<1.5gib", Query(limits=(Limit("usage", "<", 3 * 2**29, "1.5gib"),))),
        ("usage>100b", Query(limits=(Limit("usage", ">", 100, "100b"),))),
        ("expires<14d", Query(limits=(Limit("expires", "<", 14 * 86_400, "14d"),))),
        ("expires:none", Query(limits=(Limit("expires", "", 0, "none"),))),
        ("idle>1h30m", Query(limits=(Limit("idle", ">", 5_400, "1h30m"),))),
        ("idle:never", Query(limits=(Limit("idle", "", 0, "never"),))),
    ],
)
def test_what_is_understood(typed: str, query: Query):
    """Words, quoted values and every filter become what they say."""
    assert read_query(typed, label_field="custom3") == query


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Write what to look for, such as .*`status`.*`custom1` to `custom5`"),
        ('  "" ', "Write what to look for"),
        ("pump colour:red", r"“colour:red” \(at character 6\): there is no filter “colour”.* put them in quotes"),
        ("acount:acme", r"“acount:acme” \(at character 1\).*Did you mean `account`\?"),
        ("status:suspendet", r"there is no state “suspendet”\. Did you mean `status:suspended`\?"),
        ("status:xyz", "The states are inventory, test, ready, active, suspended, retired, unknown"),
        ("status:active status:retired", r"“status:retired” \(at character 15\).*twice.*`status:one,two`"),
        ("status>active", "write a colon: `status:` takes a state"),
        ("account:", r"“account:” \(at character 1\): a value is missing\. `account` takes an account's name"),
        ('account:""', "a value is missing"),
        ("account:,", "a value is missing"),
        ("usage>abc", r"“usage›abc” .*“abc” is no amount with a unit.*`usage>80%`"),
        ("usage>5000", "“5000” is no amount with a unit"),
        ("usage:5GB", "write > or < before the amount"),
        ("usage=5GB", "write > or < before the amount"),
        ("expires<-3d", "a length of time cannot be negative"),
        ("expires<soon", "“soon” is not a length of time"),
        ("idle:7d", "write > or < before the amount"),
        ("idle>0d", "no time at all"),
        ("imsi:abc", "this is no number. `imsi` takes an IMSI"),
        ("imsi:26", "write at least 4 digits"),
        ("imsi:26203 imsi:26202", "stands here twice; a SIM has one"),
        ('berlin "pump 12', r"““?\"pump 12” \(at character 8\): this quote is not closed"),
        ("custom1:???", "neither a letter nor a digit"),
        ("***", r"“\*\*\*” \(at character 1\): there is neither a letter nor a digit"),
        ("x" * 40_000, "at most 3,000 characters; this one has 40,000"),
        ("a " * 31, "at most 30 words and filters; this one has 31"),
    ],
)
def test_what_is_wrong_is_pointed_at(typed: str, said: str):
    """A mistake names the word, where it stands, and what would be right."""
    with pytest.raises(BadInput) as problem:
        read_query(typed)
    assert re.search(said, str(problem.value)), str(problem.value)


@given(
    st.lists(
        st.one_of(
            st.text(min_size=1, max_size=12),
            st.builds(
                "{}{}{}".format,
                st.sampled_from([*FILTERS, "x"]),
                st.sampled_from((":", ">", "<", ">=", "<=", "=", ' : "')),
                st.one_of(
                    st.text(max_size=8),
                    st.sampled_from(
                        ("80%", "5GB", "1.5 GiB", "14d", "never", "none", "active", '"a b"', "26203", "a,b")
                    ),
                ),
            ),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_a_search_reads_back(parts: list[str]):
    """A search that was understood is, in its own words, the same search; one that was not is refused in words."""
    try:
        query = read_query(" ".join(parts))
    except BadInput as problem:
        said = str(problem)
    else:
        said = ""
        assert read_query(query.text) == query
        assert read_query(query.text).text == query.text
    assert len(said) < 700


def test_every_filter_is_told_of():
    """Each filter has words for help, with an example that is understood where it shows one."""
    for key, says in FILTERS.items():
        for example in re.findall("`([^`]+)`", says):
            if not example.startswith(key) and key.startswith("custom"):
                continue
            if example != "acme*":
                assert read_query(example) != Query()


SIM = Sim(
    "8949212600000000019", Status.ACTIVE, "A", imsi="262030000000001", account="Acme Germany", usage_bytes=801,
    quota_bytes=1000, plan_expires_at=NOW + timedelta(days=7), last_session_at=NOW - timedelta(days=7),
    custom=("Berlin Pump 12", None, None, None, None),
)  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("usage>80%", True),
        ("usage>80.1%", False),
        ("usage>=80.1%", True),
        ("usage<80.1%", False),
        ("usage>800b usage<802b", True),
        ("usage>802b", False),
        ("expires<7d", False),
        ("expires<=7d", True),
        ("expires:none", False),
        ("idle>7d", False),
        ("idle>=7d", True),
        ("account:acme", False),
        ('account:"ACME  germany"', True),
        ("account:acme*", True),
        ("plan:none", True),
        ("status:suspended,active", True),
        ("pump", True),
        ("ump", False),
        ('"berlin pump"', True),
        ('"pump berlin"', False),
        ("000019", True),
        ("89492126000000000192", True),
        ("imsi:26203", True),
        ("imsi:0001", True),
        ("imsi:8949", False),
        ("custom2:pump", False),
    ],
)
def test_what_fits(typed: str, found: bool):
    """Each part of a search holds for the SIMs it says, to the byte and the moment."""
    assert fits(read_query(typed), SIM, now=NOW) is found


def test_a_share_is_exact():
    """A share of a quota is compared without rounding, for the largest numbers too; without a quota there is none."""
    assert share(80, 100) == 1_600_000
    assert share(801, 1001) == 2 * (801 * 10**6 // 1001) + 1
    assert share(2**62, 1) == 2**62
    assert (share(None, 1), share(1, None), share(1, 0)) == (None, None, None)


def test_a_search_has_room():
    """A search of the longest length is still read."""
    assert read_query("x" * LONGEST).words == ("x" * LONGEST,)
