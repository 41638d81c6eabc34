"""Who may do what: four roles, each holding all that the ones before it may do. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import IntEnum

from bot.errors import NotAllowed

EVERYONE = "everyone"


class Role(IntEnum):
    """viewer < operator < approver < admin; NOBODY is who stands in no list."""

    NOBODY = 0
    VIEWER = 1
    OPERATOR = 2
    APPROVER = 3
    ADMIN = 4

    @property
    def word(self) -> str:
        """The role as people say it, with its article."""
        return {0: "nobody", 1: "a viewer", 2: "an operator", 3: "an approver", 4: "an admin"}[self.value]


@dataclass(frozen=True)
class Person:
    """A Slack user and the role found for them at this moment. Roles change; ask again for each press.

    `sure` is False while Slack does not tell who is in a group that could give them more.
    """

    id: str
    role: Role
    sure: bool = True


@dataclass(frozen=True)
class Roles:
    """The configuration's lists: Slack user ids, user-group ids (S…), and `everyone` for viewers."""

    viewers: tuple[str, ...] = ()
    operators: tuple[str, ...] = ()
    approvers: tuple[str, ...] = ()
    admins: tuple[str, ...] = ()

    def lists(self) -> tuple[tuple[Role, tuple[str, ...]], ...]:
        """Each role with its list, the highest first."""
        return (
            (Role.ADMIN, self.admins),
            (Role.APPROVER, self.approvers),
            (Role.OPERATOR, self.operators),
            (Role.VIEWER, self.viewers),
        )

    def groups(self) -> frozenset[str]:
        """The user groups whose members have to be known."""
        return frozenset(name for _, names in self.lists() for name in names if name.startswith("S"))


def role_of(user: str, roles: Roles, members: Mapping[str, Collection[str]]) -> Role:
    """The highest role whose list names this user, a group the user is in, or everyone."""
    for role, names in roles.lists():
        if user in names or EVERYONE in names or any(user in members.get(name, ()) for name in names):
            return role
    return Role.NOBODY


def need(person: Person, role: Role, *, to: str) -> None:
    """Nothing, when the person has at least this role; else NotAllowed, saying which role it takes."""
    if person.role >= role:
        return
    if not person.sure:
        raise NotAllowed(f"Slack does not say right now who may {to}; try again in a minute.")
    have = "You are in no list of roles" if person.role is Role.NOBODY else f"You are {person.role.word}"
    raise NotAllowed(f"{have}; to {to} you have to be {role.word}. An admin sets roles under [roles] in config.toml.")
