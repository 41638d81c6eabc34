"""What is remembered of messages that go elsewhere, as migration 0020_moved makes it."""

from __future__ import annotations

MOVED = (
    # Which channel gets what is meant for a closed one; and of each message and card that went there, whose it was.
    """ALTER TABLE closed_channels ADD COLUMN moved_to TEXT""",
    """ALTER TABLE outbox ADD COLUMN meant_for TEXT""",
    """ALTER TABLE cards ADD COLUMN meant_for TEXT""",
)
