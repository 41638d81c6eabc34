"""The tables of alerts and forecasts, as migration 0012_alerts makes them."""

from __future__ import annotations

ALERTS = (
    # `giccid` names what the alert is about: a SIM, or by `about` a pool or an account.
    """ALTER TABLE alerts ADD COLUMN rule TEXT NOT NULL DEFAULT ''""",
    """ALTER TABLE alerts ADD COLUMN about TEXT NOT NULL DEFAULT 'sim'""",
    """ALTER TABLE alerts ADD COLUMN detail TEXT""",
    """ALTER TABLE alerts ADD COLUMN severity TEXT""",
    # The announcement it is part of; NULL while it was not announced.
    """ALTER TABLE alerts ADD COLUMN card INTEGER""",
    # What was raised before there were rules is of the two that bear the names of their kinds, and was announced alone.
    """UPDATE alerts SET rule = kind, card = id""",
    """CREATE TABLE alert_cards (
        id INTEGER PRIMARY KEY AUTOINCREMENT, rule TEXT NOT NULL, account TEXT, channel TEXT NOT NULL,
        made_at TEXT NOT NULL, size INTEGER NOT NULL, alert INTEGER, renewal TEXT, remind_at TEXT,
        remind_after INTEGER, reminded INTEGER NOT NULL DEFAULT 0
    ) STRICT""",
    """INSERT INTO alert_cards (id, rule, account, channel, made_at, size, alert)
        SELECT id, rule, account, coalesce((SELECT channel FROM cards WHERE subject = 'alert:' || alerts.id),
        (SELECT channel FROM outbox WHERE subject = 'alert:' || alerts.id LIMIT 1), ''),
        raised_at, 1, id FROM alerts""",
    """DROP INDEX alerts_once""",
    """CREATE UNIQUE INDEX alerts_once ON alerts (giccid, about, rule, kind, threshold, cycle)
        WHERE state != 'cleared'""",
    """CREATE INDEX alerts_by_card ON alerts (card, id) WHERE card IS NOT NULL""",
    """CREATE INDEX alerts_to_announce ON alerts (rule, account) WHERE card IS NULL AND state = 'open'""",
    """CREATE INDEX alerts_of_fleet ON alerts (id) WHERE state != 'cleared' AND (about != 'sim' OR kind = 'imei')""",
    """CREATE INDEX alerts_by_age ON alerts (raised_at)""",
    """CREATE INDEX alert_cards_to_remind ON alert_cards (remind_at) WHERE remind_at IS NOT NULL""",
    # How much of a pool was used at the end of each day (UTC) so far, in bytes of its cycle.
    """CREATE TABLE pool_days (
        account TEXT NOT NULL, pool TEXT NOT NULL, day TEXT NOT NULL, cycle TEXT NOT NULL, used_bytes INTEGER NOT NULL,
        PRIMARY KEY (account, pool, day)
    ) STRICT, WITHOUT ROWID""",
    """CREATE INDEX pool_days_by_age ON pool_days (day)""",
)

REPORTS = (
    # The fleet on each day, as JSON: SIMs by state, bytes used in the cycle by account and by country.
    """CREATE TABLE report_days (day TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID""",
    """CREATE TABLE reports_sent (name TEXT NOT NULL, due TEXT NOT NULL, PRIMARY KEY (name, due))
        STRICT, WITHOUT ROWID""",
)

PLAIN = (
    # The blocks of a note for where Slack refuses the native ones among the others, as JSON.
    """ALTER TABLE outbox ADD COLUMN plain TEXT""",
)

GONE = (
    # Whether it is over because SmartHub does not list the SIM any more.
    """ALTER TABLE alerts ADD COLUMN gone INTEGER NOT NULL DEFAULT 0""",
    # What was left open of SIMs that were told of as gone before.
    """UPDATE alerts SET state = 'cleared', gone = 1, version = version + 1, by = NULL, until = NULL,
        at = (SELECT noticed_at FROM vanished WHERE vanished.giccid = alerts.giccid)
        WHERE about = 'sim' AND state != 'cleared' AND giccid IN (SELECT giccid FROM vanished)""",
)
