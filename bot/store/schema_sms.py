"""The tables of SMS, as migration 0010_sms makes them."""

from __future__ import annotations

SMS = (
    # The conversation with each SIM that ever had one; the number stands in the names of its cards.
    """CREATE TABLE sms_threads (
        id INTEGER PRIMARY KEY AUTOINCREMENT, giccid TEXT NOT NULL, label TEXT NOT NULL, account TEXT,
        channel TEXT NOT NULL, begun_at TEXT NOT NULL, last_at TEXT NOT NULL, received INTEGER NOT NULL DEFAULT 0,
        sent INTEGER NOT NULL DEFAULT 0
    ) STRICT""",
    """CREATE UNIQUE INDEX sms_threads_by_sim ON sms_threads (giccid)""",
    """CREATE TABLE sms (
        id INTEGER PRIMARY KEY AUTOINCREMENT, way TEXT NOT NULL, giccid TEXT NOT NULL, label TEXT NOT NULL,
        stand TEXT NOT NULL, made_at TEXT NOT NULL, body TEXT, length INTEGER NOT NULL, digest TEXT NOT NULL,
        thread INTEGER, sms_id TEXT, coding INTEGER, validity INTEGER, by TEXT, request INTEGER, job INTEGER,
        event INTEGER, draft INTEGER, told_at TEXT, until TEXT, next_look_at TEXT,
        looks INTEGER NOT NULL DEFAULT 0, why TEXT
    ) STRICT""",
    """CREATE UNIQUE INDEX sms_by_their_id ON sms (way, sms_id) WHERE sms_id IS NOT NULL""",
    """CREATE UNIQUE INDEX sms_by_request ON sms (request) WHERE request IS NOT NULL""",
    """CREATE INDEX sms_by_sim ON sms (giccid, id)""",
    """CREATE INDEX sms_by_thread ON sms (thread, id) WHERE thread IS NOT NULL""",
    """CREATE INDEX sms_by_event ON sms (event) WHERE event IS NOT NULL""",
    # Those of a job wait behind those somebody wrote: there may be a hundred thousand of them.
    """CREATE INDEX sms_to_look_at ON sms (next_look_at) WHERE next_look_at IS NOT NULL AND job IS NULL""",
    """CREATE INDEX sms_of_jobs_to_look_at ON sms (next_look_at) WHERE next_look_at IS NOT NULL AND job IS NOT NULL""",
    """CREATE INDEX sms_with_body ON sms (made_at) WHERE body IS NOT NULL""",
    # What SmartHub told of an SMS whose id is not known here, or not yet.
    """CREATE TABLE sms_reports (
        id INTEGER PRIMARY KEY, sms_id TEXT NOT NULL, giccid TEXT, state TEXT, at TEXT NOT NULL,
        received_at TEXT NOT NULL, event INTEGER NOT NULL, shown INTEGER NOT NULL DEFAULT 0
    ) STRICT""",
    """CREATE INDEX sms_reports_by_their_id ON sms_reports (sms_id, id)""",
    """CREATE INDEX sms_reports_to_show ON sms_reports (received_at) WHERE shown = 0""",
    """CREATE INDEX sms_reports_by_age ON sms_reports (received_at)""",
    """CREATE TABLE sms_drafts (
        id INTEGER PRIMARY KEY AUTOINCREMENT, thread INTEGER NOT NULL, by TEXT NOT NULL, ts TEXT NOT NULL, text TEXT,
        made_at TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'open', request INTEGER
    ) STRICT""",
    """CREATE UNIQUE INDEX sms_drafts_by_place ON sms_drafts (thread, ts)""",
    """CREATE UNIQUE INDEX sms_drafts_by_request ON sms_drafts (request) WHERE request IS NOT NULL""",
    """CREATE INDEX sms_drafts_with_text ON sms_drafts (made_at) WHERE text IS NOT NULL""",
    # SmartHub's id of what it took over, and the texts that have to go when their time is over.
    """ALTER TABLE approvals ADD COLUMN taken_as TEXT""",
    """CREATE INDEX approvals_with_text ON approvals (asked_at)
        WHERE operation = 'sms' AND json_extract("order", '$.text') IS NOT NULL""",
    """CREATE INDEX jobs_with_text ON jobs (ended_at)
        WHERE ended_at IS NOT NULL AND json_extract("order", '$.text') IS NOT NULL""",
    """CREATE INDEX lists_with_text ON lists (made_at)
        WHERE operation = 'sms' AND json_extract(detail, '$.text') IS NOT NULL""",
    # A notification that stands in a conversation has no card of its own; `bare`: its body is not kept any more.
    """ALTER TABLE events ADD COLUMN sms INTEGER""",
    """ALTER TABLE events ADD COLUMN bare INTEGER NOT NULL DEFAULT 0""",
    """CREATE INDEX events_with_text ON events (received_at) WHERE name = 'mo-sms' AND bare = 0""",
)
