"""SMS with the devices behind SIMs: conversations in threads, what becomes of each SMS, and replies that become one."""

from __future__ import annotations

from dataclasses import dataclass

from bot.flows.sms.conversations import Conversations, Settings
from bot.flows.sms.counting import Counting
from bot.flows.sms.following import Following
from bot.flows.sms.replying import Replying

__all__ = ["Conversations", "Counting", "Following", "Replying", "Settings", "Sms"]


@dataclass(frozen=True)
class Sms:
    """All that is done with SMS beside asking for one."""

    conversations: Conversations
    following: Following
    replying: Replying
    counting: Counting
