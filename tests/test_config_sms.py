"""What is written under [sms]: read as it is meant, and every mistake in it gets its sentence."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.test_config import load, mistakes


def test_without_any() -> None:
    """Without [sms], conversations are held among the notifications, and texts are kept for ninety days."""
    sms = load().sms

    assert (sms.channel, sms.keep_body_for, sms.follow_for) == (None, timedelta(days=90), timedelta(days=3))
    assert (sms.templates, sms.keywords) == ({}, ())


def test_all_of_it() -> None:
    """Every setting is read, templates by their names and words in their order."""
    sms = load(
        '[sms]\nchannel = "C9"\nkeep_body_for = "off"\n[sms.templates]\nreboot = "AT {label}"\n'
        '[[sms.keywords]]\nchannel = "C8"\nwords = ["low"]\n[[sms.keywords]]\nchannel = "C7"\npattern = "BATT.*"\n'
    ).sms

    assert (sms.channel, sms.keep_body_for, sms.templates["reboot"]) == ("C9", None, "AT {label}")
    assert [(one.channel, one.words, one.pattern) for one in sms.keywords] == [
        ("C8", ("low",), None), ("C7", (), "BATT.*"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ('[sms]\nchannel = "#sms"', 'sms.channel = "#sms": write the channel\'s id'),
        ('[sms]\nkeep_body_for = "never"', 'sms.keep_body_for = "never": write "off", or a duration'),
        ('[sms]\nfollow_for = "5m"', 'sms.follow_for = "5m": write a duration'),
        ("[sms]\nper_sim_and_hour = 0", "sms.per_sim_and_hour = 0: write a whole number of SMS from 1"),
        ('[sms]\nchanel = "C1"', "sms.chanel is not a setting: did you mean sms.channel?"),
        ('[sms.templates]\nx = "{labl}"', 'sms.templates.x = "{labl}": “{labl}” is no field of a SIM'),
        ('[sms.templates]\nx = "{label"', "a brace stands alone"),
        ('[[sms.keywords]]\nwords = ["low"]', "sms.keywords[1].channel"),
        ('[[sms.keywords]]\nchannel = "C1"', "nothing would be looked for: write words or a pattern"),
        ('[[sms.keywords]]\nchannel = "C1"\npattern = "(a+)+"', "a group in brackets cannot be repeated here"),
        ('[[sms.keywords]]\nchannel = "C1"\nword = ["a"]', "did you mean sms.keywords[1].words?"),
    ],
)
def test_each_mistake_gets_its_sentence(table: str, says: str) -> None:
    """What is wrong is named with its place and what would be right."""
    said = mistakes(table)

    assert sum(says in one for one in said) == 1, said
