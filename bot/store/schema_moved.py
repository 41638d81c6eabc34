"""What is remembered of messages that go elsewhere, or with others: migrations 0020_moved and 0022_together."""

from __future__ import annotations

MOVED = (
    # Which channel gets what is meant for a closed one; and of each message and card that went there, whose it was.
    """ALTER TABLE closed_channels ADD COLUMN moved_to TEXT""",
    """ALTER TABLE outbox ADD COLUMN meant_for TEXT""",
    """ALTER TABLE cards ADD COLUMN meant_for TEXT""",
)
TOGETHER = (
    # The message that took this one with it, so that both are known to be in Slack as soon as one is.
    """ALTER TABLE outbox ADD COLUMN sent_with INTEGER""",
    """CREATE INDEX outbox_together ON outbox (sent_with) WHERE sent_with IS NOT NULL""",
)
