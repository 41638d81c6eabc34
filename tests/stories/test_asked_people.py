"""Whom a request asks: a policy that nobody can satisfy is refused at start, and who wishes it hears directly."""

from __future__ import annotations

import pytest

from bot.errors import ConfigError
from tests.talk import (
    ADMIN,
    APPROVER,
    APPROVER_GROUP,
    OPERATOR,
    OTHER_APPROVER,
    OTHER_OPERATOR,
    VIEWER,
    World,
)


@pytest.mark.parametrize(
    ("policy", "sentence"),
    [
        ({"name": "three of two", "quorum": 3, "from": [APPROVER_GROUP]}, "“three of two” cannot be satisfied"),
        ({"name": "night", "from": ["S0NIGHT"]}, "“night” names the user group S0NIGHT, and nobody is in it"),
    ],
)
async def test_a_policy_nobody_can_satisfy_is_refused_at_start(world: World, policy: dict[str, object], sentence: str):
    """The bot does not start with it and says which policy it is; without it, it starts on the same store."""
    world.slack.space.groups["S0NIGHT"] = []
    await world.app.stop()
    world.policies = [policy]

    with pytest.raises(ConfigError) as refused:
        await world.start_bot()

    assert sentence in str(refused.value)
    world.policies = []
    await world.start_bot()
    assert (await world.say("/sim status")).ok


async def test_slack_does_not_tell_at_start(world: World):
    """While Slack does not tell who is in a group, no policy is judged, and the bot starts: it has other work to do."""
    await world.app.stop()
    world.policies = [{"name": "night", "from": ["S0UNKNOWN"]}]

    await world.start_bot()

    assert world.app.port


async def test_approvers_hear_directly_where_it_is_wished(world: World):
    """With message_approvers each person who may decide is written to, in the words of the request, and nobody else."""
    world.settings["approvals"] = {"message_approvers": True}
    await world.restart()

    await world.ask(because="<!channel> stolen", by=OTHER_OPERATOR)

    for user in (APPROVER, OTHER_APPROVER, ADMIN):
        [told] = world.told(user)
        assert f"<@{OTHER_OPERATOR}> asks: #1 Suspend" in told
        assert "<!channel> stolen" in told
        assert "You may decide it in <#C0APPROVALS>" in told
    assert [world.told(user) for user in (OPERATOR, OTHER_OPERATOR, VIEWER)] == [[], [], []]


async def test_nobody_hears_directly_by_default(world: World):
    """Without it the card in the channel is all there is."""
    await world.ask()

    assert [world.told(user) for user in (APPROVER, OTHER_APPROVER, ADMIN)] == [[], [], []]


async def test_a_group_that_is_to_hear_is_named_under_the_card(world: World):
    """`notify` tells people directly and names user groups in the thread, of the asking and of what becomes of it."""
    world.policies = [{"name": "loud", "notify": [APPROVER_GROUP, VIEWER]}]
    await world.restart()

    card = await world.ask()
    asked = world.thread(card)
    await world.press(card, "Approve", by=APPROVER)

    assert [f"<!subteam^{APPROVER_GROUP}>" in words for words in asked] == [True]
    assert all(f"<!subteam^{APPROVER_GROUP}>" in words for words in world.thread(card))
    assert f"<@{OPERATOR}> asked: #1 Suspend" in world.told(VIEWER)[0]
    assert "Confirmed" in world.told(VIEWER)[-1]


async def test_what_waits_for_me_is_what_i_may_decide(world: World):
    """The list of what waits goes by the policies: who is named there sees it as theirs, an approver who is not does
    not, and who has said yes already does not any more."""
    world.policies = [{"name": "vera and alex", "quorum": 2, "from": [VIEWER, OTHER_APPROVER]}]
    await world.restart()
    card = await world.ask()
    await world.later(minutes=12)

    async def listed(by: str) -> str:
        said = await world.say("/sim approvals", by=by)
        assert said.reply is not None
        return " ".join(said.reply.words.split())

    assert "For you #1 Suspend" in await listed(VIEWER)
    assert "12 min ago , 0 of 2 approved" in await listed(VIEWER)
    assert "For others #1 Suspend" in await listed(APPROVER)
    assert "From you #1 Suspend" in await listed(OPERATOR)
    await world.press(card, "Approve", by=VIEWER)
    assert "For others #1 Suspend" in await listed(VIEWER)
    assert "For you #1 Suspend" in await listed(OTHER_APPROVER)


async def test_the_policy_is_tried_as_it_is_written_everywhere(world: World):
    """`/sim policy test retire 200 account:acme`, word for word as help and README have it, is answered."""
    said = await world.say("/sim policy test retire 200 account:acme", by=VIEWER)

    assert said.reply is not None
    assert "“everything else” decides" in said.reply.words
