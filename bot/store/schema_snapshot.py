"""The tables of the snapshot and of the looks that fill it, as migrations 0005_snapshot and 0013_scans make them."""

from __future__ import annotations

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

UNJUDGED = (
    # How many SIMs of a look could not be judged in full, by what was missing, as JSON.
    """ALTER TABLE scans ADD COLUMN unjudged TEXT NOT NULL DEFAULT '{}'""",
)

SCANS = (
    """CREATE TABLE scans (
        id INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT, started_at TEXT NOT NULL, page INTEGER NOT NULL DEFAULT 0,
        sims INTEGER NOT NULL DEFAULT 0, skipped INTEGER NOT NULL DEFAULT 0, ended_at TEXT
    ) STRICT""",
    # By day first: a day is written and removed in one piece. At a million SIMs their width counts.
    """CREATE TABLE usage_days (
        day INTEGER NOT NULL, sim INTEGER NOT NULL, bytes INTEGER NOT NULL, PRIMARY KEY (day, sim)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE vanished (giccid TEXT PRIMARY KEY, noticed_at TEXT NOT NULL) STRICT, WITHOUT ROWID""",
)

WAY = (
    # What a look hangs on beside its page: the rules, and the size of a page.
    """ALTER TABLE scans ADD COLUMN way TEXT NOT NULL DEFAULT ''""",
)

PASSED = (
    # The pages that could not be read and were passed over, as JSON: the look is not whole then.
    """ALTER TABLE scans ADD COLUMN passed TEXT NOT NULL DEFAULT '[]'""",
)

# Of SIMs of which nothing is to be found until a time, what the row of the last look is known by, and what it lacks.
CALM = (
    """CREATE TABLE calm (
        sim INTEGER PRIMARY KEY, mark INTEGER NOT NULL, until INTEGER NOT NULL, missing INTEGER NOT NULL
    ) STRICT""",
)
