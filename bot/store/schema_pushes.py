"""The tables of notifications in channels, as migration 0011_pushes makes them."""

from __future__ import annotations

PUSHES = (
    # What is here already was shown; what comes is sorted first. `fate` is empty until then.
    """ALTER TABLE events ADD COLUMN fate TEXT NOT NULL DEFAULT 'shown'""",
    """ALTER TABLE events ADD COLUMN incident INTEGER""",
    """ALTER TABLE events ADD COLUMN source TEXT NOT NULL DEFAULT 'push'""",
    """CREATE INDEX events_unsorted ON events (id) WHERE fate = ''""",
    """CREATE INDEX events_by_incident ON events (incident, id) WHERE incident IS NOT NULL""",
    """ALTER TABLE cards ADD COLUMN posted_at TEXT""",
    # `audience` are the channels as JSON, in order: SIMs are only ever shown together to whom each would be shown.
    """CREATE TABLE incidents (
        id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, giccid TEXT, label TEXT, account TEXT,
        audience TEXT NOT NULL, severity INTEGER NOT NULL, storm INTEGER NOT NULL DEFAULT 0, storm_id INTEGER,
        count INTEGER NOT NULL DEFAULT 1, sims INTEGER NOT NULL DEFAULT 1, first_at TEXT NOT NULL,
        last_at TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'open', version INTEGER NOT NULL DEFAULT 1, by TEXT, at TEXT,
        assignee TEXT, until TEXT, why TEXT, reminded INTEGER NOT NULL DEFAULT 0, filed INTEGER NOT NULL DEFAULT 0
    ) STRICT""",
    """CREATE INDEX incidents_of_sim ON incidents (giccid, name, id) WHERE storm = 0 AND state != 'resolved'""",
    """CREATE INDEX incidents_of_late ON incidents (name, audience, first_at) WHERE storm = 0 AND storm_id IS NULL""",
    """CREATE INDEX incidents_storms ON incidents (name, audience, last_at) WHERE storm = 1""",
    """CREATE INDEX incidents_to_file ON incidents (id) WHERE storm = 1 AND filed < sims""",
    """CREATE INDEX incidents_snoozed ON incidents (until) WHERE state = 'snoozed'""",
    """CREATE INDEX incidents_nobodys ON incidents (first_at)
        WHERE state = 'open' AND reminded = 0 AND storm_id IS NULL""",
    # One for each channel an incident is shown in: its card there. `hold` says what it waits for.
    """CREATE TABLE copies (
        id INTEGER PRIMARY KEY AUTOINCREMENT, incident INTEGER NOT NULL, channel TEXT NOT NULL,
        hold TEXT NOT NULL DEFAULT '', held_at TEXT, digest_at TEXT, UNIQUE (incident, channel)
    ) STRICT""",
    """CREATE INDEX copies_held ON copies (channel, hold, id) WHERE hold != ''""",
    """CREATE TABLE incident_sims (
        incident INTEGER NOT NULL, giccid TEXT NOT NULL, label TEXT, account TEXT, plan TEXT, country TEXT,
        count INTEGER NOT NULL, first_at TEXT NOT NULL, last_at TEXT NOT NULL, PRIMARY KEY (incident, giccid)
    ) STRICT, WITHOUT ROWID""",
    # Counted as they come, so that nobody has to go through ten thousand rows to draw a card.
    """CREATE TABLE incident_counts (
        incident INTEGER NOT NULL, what TEXT NOT NULL, value TEXT NOT NULL, count INTEGER NOT NULL,
        PRIMARY KEY (incident, what, value)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE routes (
        id INTEGER PRIMARY KEY AUTOINCREMENT, channel TEXT NOT NULL, wanted TEXT NOT NULL, quiet TEXT, digest TEXT,
        by TEXT NOT NULL, at TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE mutes (
        id INTEGER PRIMARY KEY AUTOINCREMENT, wanted TEXT NOT NULL, by TEXT NOT NULL, channel TEXT NOT NULL,
        at TEXT NOT NULL, until TEXT NOT NULL, why TEXT, ended INTEGER NOT NULL DEFAULT 0
    ) STRICT""",
    """CREATE INDEX mutes_open ON mutes (until) WHERE ended = 0""",
    """CREATE TABLE mute_counts (
        mute INTEGER NOT NULL, name TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (mute, name)
    ) STRICT, WITHOUT ROWID""",
    # Channels that take nothing from us, with Slack's word for why, until they do again.
    """CREATE TABLE closed_channels (
        channel TEXT PRIMARY KEY, code TEXT NOT NULL, since TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
    # How many pushes came in each hour, and the longest time without one that ended in it, in seconds.
    """CREATE TABLE push_hours (
        hour TEXT PRIMARY KEY, count INTEGER NOT NULL, gap INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE push_watch (
        id INTEGER PRIMARY KEY CHECK (id = 1), last_at TEXT, told_at TEXT, read_to TEXT
    ) STRICT""",
    """INSERT INTO push_watch (id) VALUES (1)""",
)
