"""Reports on the fleet: asked for, and by themselves at their time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time

import structlog

from bot.clock import Clock
from bot.errors import BotError
from bot.rules.money import AtRisk
from bot.rules.outbox import Note
from bot.rules.people import Person
from bot.rules.reports import Period, Plan, Report, ahead, days_of, due, lines_of, read_period
from bot.sheets import sheet, whole
from bot.slack import Slack
from bot.store import Store
from bot.views import reports as view
from bot.views.parts import DECIMAL, Message, Units

TOP = 10
log = structlog.get_logger()


@dataclass(frozen=True)
class Seams:
    """What SmartHub is asked for: account, name and outlook of the fullest pools, and the money at risk until then.
    What it does not tell is left out.
    """

    pools: Callable[[], Awaitable[Sequence[tuple[str, str, str]]]]
    money: Callable[[datetime], Awaitable[AtRisk]]


class Reports:
    """Making reports and sending them."""

    def __init__(
        self, *, store: Store, slack: Slack, clock: Clock, plans: Sequence[Plan], seams: Seams, units: Units = DECIMAL
    ) -> None:
        self._store, self._slack, self._clock = store, slack, clock
        self._plans, self._seams, self._units = plans, seams, units

    async def asked(self, text: str, *, by: Person) -> Message:
        """The report that was typed; its file goes to whoever asked. Raises BadInput, StoreError, TooBroad."""
        made = await self._make(read_period(text))
        is_sent = await self._send_sheet(made, by.id)
        return view.with_file(view.report(made, units=self._units), is_sent=is_sent)

    async def tick(self) -> str | None:
        """Keeps the figures of today, and sends what is due; each report once for its time. What was sent, in words."""
        now, sent = self._clock.now(), 0
        await self._store.reports.keep(now=now)
        for plan in self._plans:
            at = due(plan, now)
            if at is None or self._store.reports.was_sent(plan, at):
                continue
            made = await self._make(plan.period)
            said = view.report(made, units=self._units)
            note = Note(plan.channel, said.text, said.blocks, plain=said.plain)
            if await self._store.reports.send(plan, at, messages=[note], now=now):
                sent += 1
                await self._send_sheet(made, self._store.closed.reached(plan.channel))
        return f"{sent} reports sent" if sent else None

    async def _make(self, period: Period) -> Report:
        now, reports = self._clock.now(), self._store.reports
        figures = await reports.keep(now=now)
        since, before = days_of(period, now.date())
        then, earlier = reports.on(since), reports.on(before)
        begins = datetime.combine(since + timedelta(days=1), clock_time(0), UTC)
        alerts, approvals = await reports.happened(min(begins, now - timedelta(days=1)))
        is_new = period is Period.CYCLE  # its usage begins at nothing
        return Report(
            period=period,
            since=since,
            until=now.date(),
            states=figures.states,
            accounts=lines_of(
                figures.accounts,
                {} if is_new else None if then is None else then.accounts,
                None if is_new or earlier is None else earlier.accounts,
            ),
            countries=lines_of(
                figures.countries,
                {} if is_new else None if then is None else then.countries,
                None if is_new or earlier is None else earlier.countries,
            ),
            top=await reports.top(TOP),
            alerts=alerts,
            open_alerts=self._store.alerts.count_live(),
            approvals=approvals,
            pools=await self._seams.pools(),
            money=await self._seams.money(ahead(period, now)),
        )

    async def _send_sheet(self, made: Report, channel: str) -> bool:
        """Whether the file was sent; where Slack does not take it, the report stands without it."""
        name = f"report-{made.period}-{made.until}.csv"
        async with sheet(name, view.SHEET, whole(view.sheet(made))) as path:
            try:
                await self._slack.upload(channel, name=path.name, title=path.stem, path=path)
            except BotError as problem:
                log.warning("report_file_not_sent", problem=str(problem))
                return False
        return True
