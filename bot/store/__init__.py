"""REMEMBER: what has to survive, in one SQLite file, with one method for each question."""

from __future__ import annotations

from pathlib import Path

from bot.store.alerts import Alerts
from bot.store.approvals import Approvals
from bot.store.audit import Audit
from bot.store.batches import Batches
from bot.store.closed import Closed
from bot.store.copies import Copies
from bot.store.delegations import Delegations
from bot.store.deliveries import Deliveries, Runs
from bot.store.disk import Disk
from bot.store.events import Events
from bot.store.fleet import Fleet
from bot.store.incidents import Incidents
from bot.store.job_sims import JobSims
from bot.store.jobs import Jobs
from bot.store.list_sims import ListSims
from bot.store.lists import Lists
from bot.store.money import Money
from bot.store.mutes import Mutes
from bot.store.offers import Offers
from bot.store.outbox import Outbox
from bot.store.protected import Protected
from bot.store.reports import Reports
from bot.store.rhythm import Rhythm
from bot.store.routes import Routes
from bot.store.scans import Scans
from bot.store.searches import Searches
from bot.store.sims import Sims
from bot.store.sms import Messages
from bot.store.sms_drafts import Drafts
from bot.store.sms_followed import Followed
from bot.store.sms_texts import Texts
from bot.store.sorting import Sorting


class Store:
    """The open store, by noun. Raises StoreError when the file cannot be opened or is in use by another bot."""

    def __init__(self, path: Path) -> None:
        self.disk = Disk(path)
        self.sms = Messages(self.disk)
        self.sms_followed = Followed(self.disk, self.sms)
        self.sms_drafts = Drafts(self.disk)
        self.sms_texts = Texts(self.disk)
        self.approvals = Approvals(self.disk, self.sms)
        self.audit = Audit(self.disk.reader)
        self.outbox = Outbox(self.disk)
        self.events = Events(self.disk, self.sms)
        self.sorting = Sorting(self.disk)
        self.incidents = Incidents(self.disk)
        self.copies = Copies(self.disk)
        self.routes = Routes(self.disk)
        self.closed = Closed(self.disk)
        self.mutes = Mutes(self.disk)
        self.rhythm = Rhythm(self.disk)
        self.alerts = Alerts(self.disk)
        self.scans = Scans(self.disk)
        self.fleet = Fleet(self.disk)
        self.reports = Reports(self.disk)
        self.money = Money(self.disk)
        self.sims = Sims(self.disk)
        self.searches = Searches(self.disk)
        self.lists = Lists(self.disk)
        self.list_sims = ListSims(self.disk)
        self.offers = Offers(self.disk)
        self.jobs = Jobs(self.disk)
        self.job_sims = JobSims(self.disk)
        self.batches = Batches(self.disk, self.sms)
        self.protected = Protected(self.disk)
        self.delegations = Delegations(self.disk)
        self.deliveries = Deliveries(self.disk)
        self.runs = Runs(self.disk)

    def close(self) -> None:
        """Writes what still waits and lets go of the file."""
        self.disk.close()
