"""The tables, as migrations that are only ever added."""

from __future__ import annotations

import secrets

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from bot.store.schema_alerts import ALERTS, GONE, PLAIN, REPORTS
from bot.store.schema_jobs import JOBS
from bot.store.schema_moved import MOVED, TOGETHER
from bot.store.schema_pushes import PUSHES
from bot.store.schema_requests import LISTS, REQUESTS
from bot.store.schema_runs import RUNS
from bot.store.schema_sms import SMS
from bot.store.schema_snapshot import CALM, PASSED, SCANS, SNAPSHOT, UNJUDGED, WAY

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


@SCHEMA(name="0008_lists")
def lists(db: Database) -> None:
    """The lists of SIMs that somebody wants changed, each line with what was said of it."""
    for statement in LISTS:
        db.execute(statement)


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


@SCHEMA(name="0014_reports")
def reports(db: Database) -> None:
    """The fleet day by day, and which reports were sent."""
    for statement in REPORTS:
        db.execute(statement)


@SCHEMA(name="0015_alerts_gone")
def alerts_gone(db: Database) -> None:
    """Alerts that are over because their SIM is listed no more."""
    for statement in GONE:
        db.execute(statement)


@SCHEMA(name="0016_plain_notes")
def plain_notes(db: Database) -> None:
    """Notes with charts and tables keep what is shown where Slack refuses these."""
    for statement in PLAIN:
        db.execute(statement)


@SCHEMA(name="0017_unjudged")
def unjudged(db: Database) -> None:
    """What a look cannot judge is counted with it."""
    for statement in UNJUDGED:
        db.execute(statement)


@SCHEMA(name="0018_calm")
def calm(db: Database) -> None:
    """SIMs whose rows need not be read again while they stay the same."""
    for statement in CALM:
        db.execute(statement)


@SCHEMA(name="0019_runs")
def runs(db: Database) -> None:
    """How often in a row jobs have failed, and since when."""
    for statement in RUNS:
        db.execute(statement)


@SCHEMA(name="0020_moved")
def moved(db: Database) -> None:
    """Which channel stands in for a closed one, and which messages went there."""
    for statement in MOVED:
        db.execute(statement)


@SCHEMA(name="0021_way")
def way(db: Database) -> None:
    """A look is gone on with only with the rules and the pages it was begun with."""
    for statement in WAY:
        db.execute(statement)


@SCHEMA(name="0022_together")
def together(db: Database) -> None:
    """Messages that went out as one know with which."""
    for statement in TOGETHER:
        db.execute(statement)


@SCHEMA(name="0023_passed")
def passed(db: Database) -> None:
    """Pages of a look that could not be read."""
    for statement in PASSED:
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
