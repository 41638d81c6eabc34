"""The tables of bulk jobs, as migration 0009_jobs makes them."""

from __future__ import annotations

JOBS = (
    # The number is that of the request. `card_at` and `dirty`: when the card was last put out, and whether it is old.
    """CREATE TABLE jobs (
        id INTEGER PRIMARY KEY, "order" TEXT NOT NULL, by TEXT NOT NULL, count INTEGER NOT NULL,
        canary INTEGER NOT NULL, stop_at_percent INTEGER NOT NULL, made_at TEXT NOT NULL, state TEXT NOT NULL,
        version INTEGER NOT NULL, released INTEGER NOT NULL, filled INTEGER NOT NULL, tried INTEGER NOT NULL,
        failed INTEGER NOT NULL, steered_by TEXT, why TEXT, trouble TEXT, runs_since TEXT, ran_from INTEGER NOT NULL,
        pushes INTEGER NOT NULL, ended_at TEXT, card_at TEXT, dirty INTEGER NOT NULL DEFAULT 0,
        told INTEGER NOT NULL DEFAULT 0, filed INTEGER NOT NULL DEFAULT 0, kept INTEGER NOT NULL DEFAULT 1
    ) STRICT""",
    """CREATE INDEX jobs_open ON jobs (id) WHERE state NOT IN ('done', 'cancelled')""",
    """CREATE INDEX jobs_to_close ON jobs (id) WHERE ended_at IS NOT NULL AND (told = 0 OR filed = 0)""",
    """CREATE INDEX jobs_to_show ON jobs (id) WHERE dirty = 1""",
    """CREATE INDEX jobs_to_forget ON jobs (ended_at) WHERE ended_at IS NOT NULL AND kept = 1""",
    """CREATE TABLE job_sims (
        job INTEGER NOT NULL, n INTEGER NOT NULL, giccid TEXT NOT NULL, label TEXT NOT NULL,
        account TEXT, status TEXT, plan TEXT, own TEXT NOT NULL, before TEXT, stage TEXT NOT NULL, batch INTEGER,
        code TEXT, why TEXT, after TEXT, since TEXT, looks INTEGER NOT NULL DEFAULT 0, look_at TEXT,
        PRIMARY KEY (job, n)
    ) STRICT, WITHOUT ROWID""",
    """CREATE UNIQUE INDEX job_sims_by_sim ON job_sims (giccid, job)""",
    """CREATE INDEX job_sims_waiting ON job_sims (job, n) WHERE stage = 'waiting'""",
    """CREATE INDEX job_sims_sent ON job_sims (job, batch) WHERE stage = 'sent'""",
    """CREATE INDEX job_sims_to_see ON job_sims (job, look_at) WHERE stage IN ('taken', 'lost')""",
    """CREATE INDEX job_sims_not_done ON job_sims (job, n) WHERE stage IN ('failed', 'unsure', 'left out')""",
    # Counting a hundred thousand rows for each drawing of a card takes longer than the loop may; so they are counted
    # as they change, by SQLite itself, so that no statement can forget it. A job begins with a row for each stage.
    """CREATE TABLE job_counts (
        job INTEGER NOT NULL, stage TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (job, stage)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TRIGGER job_sims_come AFTER INSERT ON job_sims BEGIN
        UPDATE job_counts SET count = count + 1 WHERE job = new.job AND stage = new.stage;
    END""",
    """CREATE TRIGGER job_sims_move AFTER UPDATE OF stage ON job_sims WHEN old.stage != new.stage BEGIN
        UPDATE job_counts SET count = count - 1 WHERE job = old.job AND stage = old.stage;
        UPDATE job_counts SET count = count + 1 WHERE job = new.job AND stage = new.stage;
    END""",
    """CREATE TABLE job_batches (
        job INTEGER NOT NULL, n INTEGER NOT NULL, state TEXT NOT NULL, theirs TEXT,
        count INTEGER NOT NULL, claimed_at TEXT NOT NULL, looks INTEGER NOT NULL DEFAULT 0, look_at TEXT,
        PRIMARY KEY (job, n)
    ) STRICT, WITHOUT ROWID""",
    """CREATE INDEX job_batches_to_see ON job_batches (job, look_at) WHERE state IN ('claimed', 'stored')""",
    # A notification that a job has caused has no card of its own: it counts on the job's.
    """ALTER TABLE events ADD COLUMN job INTEGER""",
)
