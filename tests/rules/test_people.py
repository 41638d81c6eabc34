"""A person's role is the highest one any list gives, and each thing to do says which role it takes."""

from __future__ import annotations

import pytest

from bot.errors import NotAllowed
from bot.rules.people import Person, Role, Roles, need, role_of

ROLES = Roles(
    viewers=("everyone",), operators=("U1", "S1"), approvers=("U2", "S2"), admins=("U3",)
)  # fmt: skip
MEMBERS = {"S1": {"U4", "U5"}, "S2": frozenset({"U5"}), "S9": ["U9"]}


@pytest.mark.parametrize(
    ("user", "role"),
    [
        ("U1", Role.OPERATOR),
        ("U2", Role.APPROVER),
        ("U3", Role.ADMIN),
        ("U4", Role.OPERATOR),
        ("U5", Role.APPROVER),
        ("U9", Role.VIEWER),
        ("U8", Role.VIEWER),
        ("S1", Role.OPERATOR),
    ],
)
def test_the_highest_list_counts(user: str, role: Role):
    """By name or through a group, the highest list that holds a person gives the role; a strange group gives none."""
    assert role_of(user, ROLES, MEMBERS) is role


def test_who_stands_in_no_list():
    """Without `everyone` a stranger is nobody; with no lists at all everybody is."""
    assert role_of("U8", Roles(admins=("U1",)), {}) is Role.NOBODY
    assert role_of("U8", Roles(), MEMBERS) is Role.NOBODY


def test_a_group_whose_members_are_not_known():
    """A group Slack did not tell us about gives nobody a role."""
    assert role_of("U5", Roles(approvers=("S2",)), {}) is Role.NOBODY


def test_the_groups_to_ask_for():
    """The groups are those of all lists, each once; people and `everyone` are no groups."""
    roles = Roles(viewers=("everyone", "S1"), operators=("S1", "U1"), approvers=("S2",), admins=("S3",))

    assert roles.groups() == {"S1", "S2", "S3"}


@pytest.mark.parametrize("needed", list(Role))
@pytest.mark.parametrize("role", list(Role))
def test_each_role_holds_all_below_it(role: Role, needed: Role):
    """Who has the role or a higher one may; everybody else hears which one it takes and where roles are set."""
    if role >= needed:
        need(Person("U1", role), needed, to="do this")
        return
    have = "You are in no list of roles" if role is Role.NOBODY else f"You are {role.word}"
    with pytest.raises(NotAllowed) as refusal:
        need(Person("U1", role), needed, to="do this")
    assert str(refusal.value) == (
        f"{have}; to do this you have to be {needed.word}. An admin sets roles under [roles] in config.toml."
    )


def test_roles_in_their_order_and_words():
    """viewer < operator < approver < admin, and each has words of its own."""
    assert list(Role) == sorted(Role) == [Role.NOBODY, Role.VIEWER, Role.OPERATOR, Role.APPROVER, Role.ADMIN]
    assert [role.word for role in Role] == ["nobody", "a viewer", "an operator", "an approver", "an admin"]
