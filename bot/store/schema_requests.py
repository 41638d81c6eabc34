"""The tables of requests and of lists of SIMs, as migrations 0007_requests and 0008_lists make them."""

from __future__ import annotations

REQUESTS = (
    # SQLite cannot loosen a column, so the table is made anew.
    """CREATE TABLE requests (
        id INTEGER PRIMARY KEY AUTOINCREMENT, operation TEXT NOT NULL, "order" TEXT NOT NULL, giccid TEXT,
        label TEXT NOT NULL, account TEXT, before TEXT NOT NULL, reason TEXT, asked_by TEXT NOT NULL,
        asked_in TEXT NOT NULL, asked_at TEXT NOT NULL, lapses_at TEXT NOT NULL, policy TEXT NOT NULL,
        stage TEXT NOT NULL, count INTEGER NOT NULL, digest TEXT, radius TEXT NOT NULL, undo_of INTEGER,
        state TEXT NOT NULL, version INTEGER NOT NULL, votes TEXT NOT NULL, needs TEXT NOT NULL, drift TEXT NOT NULL,
        decided_by TEXT, decided_at TEXT, why TEXT, cool_until TEXT, accepted INTEGER NOT NULL, outcome TEXT,
        refused INTEGER NOT NULL, unsure_since TEXT, next_look_at TEXT, ended_at TEXT, glass TEXT, reviewed_by TEXT,
        reviewed_at TEXT, review TEXT, reminded INTEGER NOT NULL, escalated INTEGER NOT NULL, glass_by TEXT
    ) STRICT""",
    """INSERT INTO requests SELECT id, operation, json_object('operation', operation), giccid, label, account,
        json_object('status', coalesce(status_before, 'unknown')), reason, asked_by, asked_in, asked_at, lapses_at,
        json_object('name', 'everything else', 'cooling_off', 0), operation, 1, NULL, 'null', NULL, state, version,
        '[]', CASE state WHEN 'pending' THEN '0 of 1; still one approver or admin' ELSE '' END, '[]', decided_by,
        decided_at, why, NULL, 0, outcome, refused, unsure_since, next_look_at, ended_at,
        NULL, NULL, NULL, NULL, 0, 0, NULL FROM approvals""",
    """DROP TABLE approvals""",
    """ALTER TABLE requests RENAME TO approvals""",
    # At most one open change for each SIM, also when two people ask in the same moment. SMS change nothing.
    """CREATE UNIQUE INDEX approvals_one_open ON approvals (giccid)
        WHERE state IN ('pending', 'running', 'cooling', 'unsure') AND operation != 'sms'""",
    """CREATE INDEX approvals_by_state ON approvals (state, id)""",
    """CREATE INDEX approvals_by_sim ON approvals (giccid, id)""",
    """CREATE UNIQUE INDEX approvals_one_undo ON approvals (undo_of)
        WHERE undo_of IS NOT NULL AND state NOT IN ('denied', 'withdrawn', 'lapsed', 'failed')""",
    """CREATE INDEX approvals_unreviewed ON approvals (id) WHERE glass IS NOT NULL AND reviewed_by IS NULL""",
    """CREATE INDEX approvals_open_by ON approvals (asked_by, id)
        WHERE state IN ('pending', 'running', 'cooling', 'unsure')""",
    """CREATE INDEX approvals_sms_by_person ON approvals (asked_by, asked_at) WHERE operation = 'sms'""",
    """CREATE INDEX approvals_sms_by_sim ON approvals (giccid, asked_at) WHERE operation = 'sms'""",
    """CREATE TABLE comments (
        id INTEGER PRIMARY KEY, approval INTEGER NOT NULL, by TEXT NOT NULL, text TEXT NOT NULL, ts TEXT NOT NULL,
        at TEXT NOT NULL, UNIQUE (approval, ts)
    ) STRICT""",
    """CREATE TABLE protected (
        giccid TEXT PRIMARY KEY, label TEXT NOT NULL, by TEXT NOT NULL, at TEXT NOT NULL, why TEXT
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE delegations (
        id INTEGER PRIMARY KEY, from_user TEXT NOT NULL, to_user TEXT NOT NULL, until TEXT NOT NULL,
        given_at TEXT NOT NULL, taken_back INTEGER NOT NULL DEFAULT 0
    ) STRICT""",
    """CREATE INDEX alerts_by_sim ON alerts (giccid, id)""",
    """CREATE INDEX delegations_by_end ON delegations (until)""",
    """CREATE INDEX cards_by_place ON cards (channel, ts)""",
)

LISTS = (
    """CREATE TABLE lists (
        id INTEGER PRIMARY KEY AUTOINCREMENT, operation TEXT NOT NULL, detail TEXT NOT NULL, source TEXT NOT NULL,
        reason TEXT, made_by TEXT NOT NULL, made_at TEXT NOT NULL, state TEXT NOT NULL, digest TEXT,
        counts TEXT NOT NULL, job INTEGER
    ) STRICT""",
    """CREATE INDEX lists_by_age ON lists (made_at) WHERE state != 'used'""",
    """CREATE TABLE list_sims (
        list INTEGER NOT NULL REFERENCES lists (id), n INTEGER NOT NULL, line INTEGER NOT NULL, written TEXT NOT NULL,
        verdict TEXT NOT NULL, why TEXT NOT NULL, giccid TEXT, label TEXT, status TEXT, plan TEXT,
        own TEXT NOT NULL, PRIMARY KEY (list, n)
    ) STRICT, WITHOUT ROWID""",
    """CREATE INDEX lists_open ON lists (id) WHERE state = 'open'""",
    # What the form for a list is offered for, a file or a search: a button carries the number of one.
    """CREATE TABLE list_offers (
        id INTEGER PRIMARY KEY AUTOINCREMENT, origin TEXT NOT NULL, value TEXT NOT NULL, name TEXT NOT NULL,
        made_by TEXT NOT NULL, made_at TEXT NOT NULL
    ) STRICT""",
    """CREATE INDEX list_offers_by_age ON list_offers (made_at)""",
    # A request for a list, and the digest of the list whose file stands under its card.
    """ALTER TABLE approvals ADD COLUMN list INTEGER""",
    """ALTER TABLE approvals ADD COLUMN filed TEXT""",
    """CREATE INDEX approvals_to_file ON approvals (id) WHERE state = 'pending' AND list IS NOT NULL""",
    # The SIMs of a list in the order of its digest, and where each was named first.
    """CREATE INDEX list_sims_by_sim ON list_sims (list, giccid) WHERE giccid IS NOT NULL""",
)
