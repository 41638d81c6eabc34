"""What is kept of runs that fail in a row, as migration 0019_runs makes it."""

from __future__ import annotations

RUNS = (
    """ALTER TABLE runs ADD COLUMN failed INTEGER NOT NULL DEFAULT 0""",
    """ALTER TABLE runs ADD COLUMN cut_off INTEGER NOT NULL DEFAULT 0""",
    """ALTER TABLE runs ADD COLUMN since TEXT""",
    """UPDATE runs SET failed = 1, since = at WHERE said LIKE 'failed%'""",
)
