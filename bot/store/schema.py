"""The tables, as migrations that are only ever added."""

from __future__ import annotations

import secrets

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from bot.store.schema_alerts import ALERTS, REPORTS
from bot.store.schema_jobs import JOBS
from bot.store.schema_pushes import PUSHES
from bot.store.schema_sms import SMS

SCHEMA = Migrations("simops")

# Times are TEXT in UTC, all written alike (bot/store/rows.py), so that they sort. STRICT: a wrong type is an error.


@SCHEMA(name="0001_first")
def first(db: Database) -> None:
    """Approvals, audit, outbox, cards, events, alerts, the SIM snapshot, deliveries seen, runs of the jobs."""
    for statement in FIRST:
        db.execute(statement)


@SCHEMA(name="0002_outbox")
def outbox(db: Database) -> None:
    """The store's own name, notes for who cannot see the card, and indexes for what is looked for while much waits."""
    for statement in SECOND:
        db.execute(statement)
    db.execute("INSERT INTO identity (name) VALUES (?)", (secrets.token_hex(8),))


@SCHEMA(name="0003_other_words")
def other_words(db: Database) -> None:
    """What a notification said when it came again under its id in other words: acknowledged, so on disk."""
    db.execute(
        "CREATE TABLE event_bodies (id INTEGER PRIMARY KEY, event INTEGER NOT NULL REFERENCES events (id),"
        " body BLOB NOT NULL, received_at TEXT NOT NULL) STRICT"
    )
    db.execute("CREATE INDEX event_bodies_by_event ON event_bodies (event, id)")


@SCHEMA(name="0004_refused")
def refused(db: Database) -> None:
    """Whether a request failed because SmartHub said no."""
    db.execute("ALTER TABLE approvals ADD COLUMN refused INTEGER NOT NULL DEFAULT 0")


@SCHEMA(name="0005_snapshot")
def snapshot(db: Database) -> None:
    """The snapshot with everything one can search for, and the searches whose pages people turn.

    What it held is let go: the next look over all SIMs fills it.
    """
    for statement in SNAPSHOT:
        db.execute(statement)


@SCHEMA(name="0006_audit")
def audit(db: Database) -> None:
    """What the audit log is looked through by, and the anchors that stand for what retention removed."""
    for statement in AUDIT:
        db.execute(statement)


@SCHEMA(name="0007_requests")
def requests(db: Database) -> None:
    """Requests for every change, for one SIM or many, under policies; comments, protection, delegations, searches."""
    for statement in REQUESTS:
        db.execute(statement)


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


@SCHEMA(name="0008_lists")
def lists(db: Database) -> None:
    """The lists of SIMs that somebody wants changed, each line with what was said of it."""
    for statement in LISTS:
        db.execute(statement)


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


@SCHEMA(name="0009_jobs")
def jobs(db: Database) -> None:
    """Bulk jobs, their SIMs, and their batches at SmartHub."""
    for statement in JOBS:
        db.execute(statement)


@SCHEMA(name="0010_sms")
def sms(db: Database) -> None:
    """SMS as conversations: those that came and went, reports, threads and drafts; whose text is to go when."""
    for statement in SMS:
        db.execute(statement)


@SCHEMA(name="0011_pushes")
def pushes(db: Database) -> None:
    """Notifications in channels: incidents and their cards, subscriptions, planned work, and what is usual."""
    for statement in PUSHES:
        db.execute(statement)


@SCHEMA(name="0012_alerts")
def alerts(db: Database) -> None:
    """Alerts of rules, about SIMs, pools and accounts, announced together; how full pools were day by day."""
    for statement in ALERTS:
        db.execute(statement)


@SCHEMA(name="0013_scans")
def scans(db: Database) -> None:
    """Looks over all SIMs, what was used on which day, and SIMs that are listed no more."""
    for statement in SCANS:
        db.execute(statement)


SCANS = (
    """CREATE TABLE scans (
        id INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT, started_at TEXT NOT NULL, page INTEGER NOT NULL DEFAULT 0,
        sims INTEGER NOT NULL DEFAULT 0, skipped INTEGER NOT NULL DEFAULT 0, ended_at TEXT
    ) STRICT""",
    # By day first: a day is written and removed in one piece. At a million SIMs their width counts.
    """CREATE TABLE usage_days (
        day INTEGER NOT NULL, sim INTEGER NOT NULL, bytes INTEGER NOT NULL, PRIMARY KEY (day, sim)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE usage_totals (
        day INTEGER NOT NULL, account TEXT NOT NULL, pool TEXT NOT NULL, count INTEGER NOT NULL, bytes INTEGER NOT NULL,
        PRIMARY KEY (day, account, pool)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE vanished (giccid TEXT PRIMARY KEY, noticed_at TEXT NOT NULL) STRICT, WITHOUT ROWID""",
)


@SCHEMA(name="0014_reports")
def reports(db: Database) -> None:
    """The fleet day by day, and which reports were sent."""
    for statement in REPORTS:
        db.execute(statement)


AUDIT = (
    # Worked out of the sealed detail, so that they cannot say anything else than it does.
    """ALTER TABLE audit ADD COLUMN giccid TEXT GENERATED ALWAYS AS
        (CASE WHEN json_valid(detail) THEN CAST(json_extract(detail, '$.giccid') AS TEXT) END) VIRTUAL""",
    """CREATE INDEX audit_by_sim ON audit (giccid, id) WHERE giccid IS NOT NULL""",
    # Lines about a request that name no SIM themselves.
    """CREATE INDEX audit_by_subject_alone ON audit (subject, id) WHERE giccid IS NULL""",
    """CREATE INDEX audit_by_actor ON audit (actor, id)""",
    """CREATE INDEX audit_by_day ON audit (substr(at, 1, 10), id)""",
    """CREATE TABLE audit_anchors (
        id INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL, first_at TEXT NOT NULL,
        last_at TEXT NOT NULL, last_seal TEXT NOT NULL, at TEXT NOT NULL, previous TEXT NOT NULL, seal TEXT NOT NULL
    ) STRICT""",
)

SNAPSHOT = (
    """DROP TABLE sims""",
    # How many SIMs share a status, account, plan, country and pool, and what they use together: counted as rows are
    # written, so that nobody has to count a million. The sum is in two parts: one of 64 bits could overflow.
    """CREATE TABLE facets (
        id INTEGER PRIMARY KEY, status TEXT, status_word TEXT NOT NULL, account TEXT, plan TEXT, country TEXT,
        pool TEXT, count INTEGER NOT NULL, used_high INTEGER NOT NULL, used_low INTEGER NOT NULL
    ) STRICT""",
    """CREATE INDEX facets_by_place ON facets (account, plan, country, status, status_word, pool)""",
    # AUTOINCREMENT: buttons carry the number, which never becomes another SIM's. Times are whole microseconds since
    # 1970 here and nowhere else: at a million rows their width counts. `percent`, `size_step`, `expires_day` and
    # `idle_day` are coarse on purpose: an index on them is written when a day or a percent is over, not at each look.
    """CREATE TABLE sims (
        id INTEGER PRIMARY KEY AUTOINCREMENT, giccid TEXT NOT NULL, facet INTEGER NOT NULL, label TEXT NOT NULL,
        label_key TEXT, iccid TEXT, imsi TEXT, msisdn TEXT, imei TEXT, sku TEXT, cycle TEXT, usage_bytes INTEGER,
        quota_bytes INTEGER, sms_count INTEGER, plan_expires_at INTEGER, activated_at INTEGER, last_session_at INTEGER,
        custom1 TEXT, custom2 TEXT, custom3 TEXT, custom4 TEXT, custom5 TEXT, percent INTEGER, size_step INTEGER,
        expires_day INTEGER, idle_day INTEGER
    ) STRICT""",
    """CREATE UNIQUE INDEX sims_by_giccid ON sims (giccid)""",
    """CREATE INDEX sims_by_iccid ON sims (iccid) WHERE iccid != giccid""",
    """CREATE INDEX sims_by_imsi ON sims (imsi) WHERE imsi IS NOT NULL""",
    """CREATE INDEX sims_by_msisdn ON sims (msisdn) WHERE msisdn IS NOT NULL""",
    """CREATE INDEX sims_by_imei ON sims (imei) WHERE imei IS NOT NULL""",
    """CREATE INDEX sims_by_label ON sims (label_key) WHERE label_key IS NOT NULL""",
    """CREATE INDEX sims_by_facet ON sims (facet)""",
    # Filled in from half of the quota on, and from 1 GB on: who looks for SIMs that use less finds them soon without.
    """CREATE INDEX sims_by_percent ON sims (facet, percent) WHERE percent IS NOT NULL""",
    """CREATE INDEX sims_by_size ON sims (facet, size_step) WHERE size_step IS NOT NULL""",
    """CREATE INDEX sims_by_expiry ON sims (facet, expires_day) WHERE expires_day IS NOT NULL""",
    """CREATE INDEX sims_by_idle ON sims (facet, idle_day)""",
    # The last six digits of each number of a SIM: that is what people read from a label and type.
    """CREATE TABLE ends (last_six INTEGER NOT NULL, sim INTEGER NOT NULL, PRIMARY KEY (last_six, sim))
        STRICT, WITHOUT ROWID""",
    # When a SIM was last seen stands apart, because a look at a page changes this of every SIM and mostly nothing else.
    """CREATE TABLE seen (sim INTEGER PRIMARY KEY, look INTEGER NOT NULL) STRICT""",
    """CREATE TABLE looks (id INTEGER PRIMARY KEY, at INTEGER NOT NULL UNIQUE, count INTEGER NOT NULL) STRICT""",
    # The words come cut and folded from bot/rules/words.py, and with them the number of the SIM's facet.
    """CREATE VIRTUAL TABLE sim_words USING fts5 (
        custom1, custom2, custom3, custom4, custom5, facet, tokenize = 'ascii', columnsize = 0
    )""",
    """CREATE TABLE searches (
        id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL, by TEXT NOT NULL, after_at INTEGER, after_id INTEGER,
        previous INTEGER, made_at TEXT NOT NULL
    ) STRICT""",
    """CREATE INDEX searches_by_age ON searches (made_at)""",
)

SECOND = (
    # What marks our messages in Slack: numbers alone would be those of every other store as well.
    """CREATE TABLE identity (name TEXT NOT NULL) STRICT""",
    # A note for a person that is not needed when they are in this channel; looked up when it is delivered.
    """ALTER TABLE outbox ADD COLUMN unless_in TEXT""",
    """CREATE INDEX outbox_sending ON outbox (id) WHERE state = 'sending'""",
    """CREATE INDEX outbox_failed ON outbox (id) WHERE state = 'failed'""",
    """CREATE INDEX outbox_sent ON outbox (sent_at) WHERE state = 'sent'""",
)

FIRST = (
    """CREATE TABLE approvals (
        id INTEGER PRIMARY KEY AUTOINCREMENT, operation TEXT NOT NULL, giccid TEXT NOT NULL, label TEXT NOT NULL,
        account TEXT, status_before TEXT, reason TEXT, asked_by TEXT NOT NULL, asked_in TEXT NOT NULL,
        asked_at TEXT NOT NULL, lapses_at TEXT NOT NULL, state TEXT NOT NULL, version INTEGER NOT NULL,
        decided_by TEXT, decided_at TEXT, why TEXT, outcome TEXT, unsure_since TEXT, next_look_at TEXT, ended_at TEXT
    ) STRICT""",
    # At most one open change for each SIM, also when two people ask in the same moment.
    """CREATE UNIQUE INDEX approvals_one_open ON approvals (giccid) WHERE state IN ('pending', 'running', 'unsure')""",
    """CREATE INDEX approvals_by_state ON approvals (state, id)""",
    """CREATE TABLE audit (
        id INTEGER PRIMARY KEY, at TEXT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL,
        detail TEXT NOT NULL, previous TEXT NOT NULL, seal TEXT NOT NULL
    ) STRICT""",
    """CREATE INDEX audit_by_subject ON audit (subject, id)""",
    """CREATE TABLE outbox (
        id INTEGER PRIMARY KEY AUTOINCREMENT, channel TEXT NOT NULL, subject TEXT, under TEXT, text TEXT, blocks TEXT,
        made_at TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'waiting', tries INTEGER NOT NULL DEFAULT 0, error TEXT,
        sent_at TEXT, ts TEXT
    ) STRICT""",
    """CREATE INDEX outbox_waiting ON outbox (channel, id) WHERE state IN ('waiting', 'sending')""",
    # Only the newest state of a card is sent: while one redraw waits, another would say the same.
    """CREATE UNIQUE INDEX outbox_one_redraw ON outbox (subject) WHERE state = 'waiting' AND subject IS NOT NULL""",
    """CREATE TABLE cards (subject TEXT PRIMARY KEY, channel TEXT NOT NULL, ts TEXT NOT NULL) STRICT""",
    """CREATE TABLE events (
        id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, key TEXT NOT NULL, giccid TEXT, account TEXT,
        body BLOB NOT NULL, facts TEXT NOT NULL, flaw TEXT, label TEXT, happened_at TEXT, received_at TEXT NOT NULL,
        repeats INTEGER NOT NULL DEFAULT 0, last_at TEXT
    ) STRICT""",
    """CREATE INDEX events_by_key ON events (key, id)""",
    """CREATE INDEX events_by_sim ON events (giccid, id)""",
    """CREATE TABLE alerts (
        id INTEGER PRIMARY KEY AUTOINCREMENT, giccid TEXT NOT NULL, label TEXT NOT NULL, account TEXT, plan TEXT,
        kind TEXT NOT NULL, threshold INTEGER NOT NULL, cycle TEXT NOT NULL, value INTEGER, whole INTEGER,
        expires_at TEXT, raised_at TEXT NOT NULL, state TEXT NOT NULL, version INTEGER NOT NULL, by TEXT, at TEXT,
        until TEXT
    ) STRICT""",
    # The same fact once: a second row can only be made after the first was cleared.
    """CREATE UNIQUE INDEX alerts_once ON alerts (giccid, kind, threshold, cycle) WHERE state != 'cleared'""",
    """CREATE INDEX alerts_by_state ON alerts (state, id)""",
    """CREATE TABLE sims (
        giccid TEXT PRIMARY KEY, label TEXT NOT NULL, status TEXT NOT NULL, account TEXT, plan TEXT, cycle TEXT,
        usage_bytes INTEGER, quota_bytes INTEGER, plan_expires_at TEXT, seen_at TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE deliveries (key TEXT PRIMARY KEY, at TEXT NOT NULL) STRICT, WITHOUT ROWID""",
    """CREATE INDEX deliveries_by_age ON deliveries (at)""",
    """CREATE TABLE runs (name TEXT PRIMARY KEY, at TEXT NOT NULL, said TEXT NOT NULL) STRICT, WITHOUT ROWID""",
)
