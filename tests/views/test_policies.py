"""The answer to `policy test`: which policy decides and why, who would have to approve, and how long it would wait."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.kinds import Kind
from bot.rules.policies import DEFAULTS, LAST, Facts, Policy, When, choose
from bot.rules.questions import explain
from bot.rules.sims import Operation
from bot.views import policies as view
from bot.views.parts import Element, Message, flat, lines, sentence
from tests.schemas import block_misfits
from tests.views.drawn import NASTY, NOW, TEXT, enough, known_to_the_sdk, parts, sound, words

FACTS = Facts(Operation.RETIRE, 200, frozenset({Kind("acme", "iot-100")}), NOW, "production")
LAB = Policy("lab", When(accounts=("lab",)), approval=False)
BIG = Policy(
    "big",
    When((Operation.RETIRE, Operation.SUSPEND), (10, None), ("acme",)),
    quorum=3,
    one_from_each=(("S1",), ("S2", "U2")),
    approvers=("U3",),
    reason_pattern="OPS-[0-9]+.*",
    reason_hint="a ticket",
    lives_for=timedelta(hours=2),
    escalate_after=timedelta(hours=1),
    escalate_to=("S3",),
    notify=("S4", "U5"),
)


def ask(*policies: Policy, facts: Facts = FACTS, may: int | None = 4, troubles: tuple[str, ...] = ()) -> Message:
    """The answer under these policies."""
    return view.answer(facts, choose(policies, facts), explain(policies, facts), may=may, troubles=troubles)


def drawn() -> Iterator[tuple[Callable[..., object], Message]]:
    """Each answer that looks different."""
    mixed = replace(FACTS, kinds=frozenset({Kind("acme"), Kind("lab"), Kind("beta")}))
    for policies in ((), DEFAULTS, (LAB, BIG), tuple(replace(LAB, name=str(n)) for n in range(30))):
        for facts in (FACTS, mixed, replace(FACTS, operation=Operation.SMS, count=1)):
            for troubles in ((), ("The policy “x” names <!subteam^S1>.",)):
                yield view.answer, ask(*policies, facts=facts, may=None, troubles=troubles)


def without_groups(message: Message) -> Message:
    """The message with its user groups taken for words: nothing else in it may notify anybody."""

    def plain(element: Element) -> Element:
        return {"type": "text", "text": "group"} if element["type"] == "usergroup" else element

    blocks = tuple(
        {
            **block,
            "elements": [{**part, "elements": [plain(e) for e in part["elements"]]} for part in block["elements"]],
        }  # type: ignore[attr-defined, misc]
        if block["type"] == "rich_text"
        else block
        for block in message.blocks
    )
    return replace(message, text=re.sub(r"<!subteam\^S[A-Z0-9]+>", "group", message.text), blocks=blocks)


def said(message: Message) -> str:
    """All that is read in it, with its people and groups as Slack writes them."""
    found = []
    for part in parts(message.blocks):
        kind = part.get("type")
        if kind == "usergroup":
            found.append(f"<!subteam^{part['usergroup_id']}>")
        elif kind == "user":
            found.append(f"<@{part['user_id']}>")
        elif kind in {"text", "plain_text"}:
            found.append(str(part["text"]))
    return "".join(found)


def test_the_policy_that_decides() -> None:
    """It names the policy, each of its conditions, who has to approve, the times, and what stands above it."""
    answer = ask(LAB, BIG)

    for words_of_it in (
        "Policy: retire 200 SIMs",
        "“big” decides",
        "✓ the change is retire or suspend",
        "✓ 10 SIMs or more, asked for 200",
        "✓ the account is “acme”",
        "3 people: one of <!subteam^S1> and one of <!subteam^S2> or <@U2> and one of <@U3>",
        "does not count; 4 people could approve now",
        "has to be given: a ticket, all of it like OPS-[0-9]+.*",
        "2 h; a reminder after 15 min, the next ones after twice as long each, up to 2 h",
        "after 1 h also <!subteam^S3>",
        "<!subteam^S4> and <@U5>",
        "suspended first, retired 1 d later",
        "“lab”: ✗ the account is “lab”",
        "Nothing was asked for.",
    ):
        assert words_of_it in said(answer)
    assert answer.text == (
        "retire 200 SIMs: policy “big”.\nApproval: one of <!subteam^S1>\nand one of <!subteam^S2> or <@U2>\n"
        "and one of <@U3>"
    )
    assert not answer.public


def test_where_nothing_is_configured() -> None:
    """Without policies it says that one approver is needed, and that one SMS needs none."""
    last = said(ask(*DEFAULTS))
    sms = said(ask(*DEFAULTS, facts=replace(FACTS, operation=Operation.SMS, count=1)))

    assert "“everything else” decides" in last
    assert "It fits every request that no policy above it fits." in last
    assert "one person: one of whoever is an approver or admin" in last
    assert "Approval  none is needed" in sms
    assert "Waits" not in sms
    assert "Retiring" not in sms


def test_a_mixed_list_shows_each_of_its_policies() -> None:
    """Of SIMs under several policies each one that decides is shown, with the approvals each of them takes."""
    answer = said(ask(LAB, BIG, facts=replace(FACTS, kinds=frozenset({Kind("acme"), Kind("lab"), Kind("beta")}))))

    for name in ("lab", "big", "everything else"):
        assert f"“{name}” decides" in answer
    assert "≈ perhaps, or for some of them: the account is “acme”" in answer
    assert "Approval under “big”  3 people: one of" in answer
    assert "Approval under “everything else”  one person" in answer


@pytest.mark.parametrize(
    ("policy", "words_of_it"),
    [
        (replace(LAST, remind_after=timedelta(0)), "8 h, without a reminder"),
        (replace(LAST, cooling_off=timedelta(0)), "Retiring  done at once"),
        (replace(LAST, requester_counts=True), "counts as one of them"),
        (replace(LAST, reason_required=True), "Reason  has to be given"),
        (replace(LAST, approvers=("U1",), quorum=2), "2 people: 2 of <@U1>"),
        (replace(LAST, approvers=tuple(f"U{n}" for n in range(50))), "<@U19>, … 30 more"),
    ],
)
def test_what_a_policy_asks_for(policy: Policy, words_of_it: str) -> None:
    """Each setting that is not as usual is said."""
    assert words_of_it in said(ask(policy))


def test_troubles_are_said() -> None:
    """What keeps a policy from ever being satisfied is said, with its groups."""
    assert "⚠️ It names <!subteam^S7>, and nobody is in it." in said(
        ask(BIG, troubles=("It names <!subteam^S7>, and nobody is in it.",))
    )
    assert "nobody could approve now" in said(ask(BIG, may=0))
    assert "could approve now" not in said(ask(BIG, may=None))


def test_slack_takes_it() -> None:
    """Slack's limits hold for every answer, and Slack's own classes know its blocks."""
    for _, message in drawn():
        people = {p["user_id"] for p in parts(message.blocks) if p.get("type") == "user"}
        sound(without_groups(message), people=sorted(people))
        known_to_the_sdk(message)


NASTY_NAMES = st.sampled_from([nasty for nasty in NASTY if len(nasty) < 200] or [""])


@enough
@given(TEXT, TEXT, TEXT, NASTY_NAMES)
def test_what_others_wrote_stays_text(name: str, account: str, plan: str, trouble: str) -> None:
    """Names of policies, accounts and plans can neither ping nor format, however they are written."""
    facts = replace(FACTS, kinds=frozenset({Kind(account, plan)}))
    policy = Policy(name, When(accounts=(account,), plans=(plan,)), reason_hint=name, reason_pattern=account or None)
    message = ask(LAB, policy, facts=facts)

    sound(message)
    assert all(part["type"] != "broadcast" for part in sentence(trouble))


def test_a_sentence_with_groups() -> None:
    """A sentence of ours turns its people and groups into elements, and nothing that only looks like one."""
    told = "Still one of <!subteam^S1> or <@U2>; type `x`. <!channel> <!subteam^x>"

    drawn_parts = sentence(told)

    assert [p["type"] for p in drawn_parts] == ["text", "usergroup", "text", "user", "text", "text", "text"]
    assert "<!channel> <!subteam^x>" in flat(drawn_parts[-1:]).replace("&lt;", "<").replace("&gt;", ">")
    assert block_misfits([lines(drawn_parts)]) == []


def test_nobody_and_everybody() -> None:
    """An empty list says so, and people come with commas and a word before the last."""
    assert words(Message("x", (lines(view.people([])),))) == "nobody"
    assert [p["type"] for p in view.people(["U1", "S1", "U2"])] == ["user", "text", "usergroup", "text", "user"]
