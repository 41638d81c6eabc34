"""Looking at SIMs: finding one by whatever was typed, and its card."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace

import structlog

from bot.clock import Clock
from bot.errors import BotError, NotFound, NotOneSim, ProviderDown, ProviderError, SimNotFound, StoreError
from bot.rules.fitting import has_number
from bot.rules.naming import WITHOUT_CHECK_DIGIT, Named, NumberKind, read_name
from bot.rules.people import Person, Role, need
from bot.rules.sims import Operation, Sim, label_of, luhn_digit, luhn_holds, quotable
from bot.rules.snapshot import Listed
from bot.smarthub.client import SmartHub
from bot.smarthub.paging import Page
from bot.store import Store
from bot.views import naming as naming_view
from bot.views import sims as view
from bot.views.naming import Snapshot
from bot.views.parts import DECIMAL, Message, Units

SHOWN = 10  # of SIMs that fit a name
# What SmartHub can be asked for besides the ICCID. A number of 15 digits can be each of them; an IMEI has a check digit
# and begins with the number of a body that gives them out, as few IMSIs do by chance.
IMEIS_BEGIN = ("01", "35", "86", "99")
ASKED = (NumberKind.IMSI, NumberKind.IMEI, NumberKind.MSISDN)
WHOLE = {NumberKind.IMSI: 15, NumberKind.MSISDN: 10, NumberKind.IMEI: 14}  # digits; fewer are taken for a piece
WITH_CHECK_DIGIT = 15  # digits of an IMEI
log = structlog.get_logger()


@dataclass(frozen=True)
class Look:
    """Who looks at a SIM, after typing what, and whether at every byte."""

    by: Person
    asked: Named | None = None
    exact: bool = False


class Sims:
    """What people ask about a SIM. Every method raises NotAllowed for who is no viewer, and BadInput."""

    def __init__(
        self,
        *,
        store: Store,
        hub: SmartHub,
        clock: Clock,
        label_field: str,
        allow: Callable[[Operation, Sim], None],
        units: Units = DECIMAL,
    ) -> None:
        """`label_field` is the custom field (`custom1` … `custom5`) that holds the name people know a SIM by; `allow`
        raises BotError for a change that nobody can ask for of this SIM now."""
        self._store, self._hub, self._clock, self._allow = store, hub, clock, allow
        self._label_field, self._units = label_field, units

    # --- cards ---

    async def show(self, typed: str, *, by: Person, exact: bool = False) -> Message:
        """The card of the SIM that was named, read now; the SIMs that fit, where they are several; or what looks near.

        `exact` puts the bytes behind each amount. Raises ProviderError where SmartHub tells nothing and the SIM is not
        known here.
        """
        need(by, Role.VIEWER, to="look SIMs up")
        return await self._show(read_name(typed), Look(by, exact=exact))

    async def which(self, typed: str, *, by: Person, verb: str) -> Message:
        """The answer where `verb` wants one SIM and something else was named: as `show`, and that nothing was done."""
        need(by, Role.VIEWER, to="look SIMs up")
        return await self._show(read_name(typed), Look(by), verb=verb)

    async def _show(self, named: Named, look: Look, *, verb: str | None = None) -> Message:
        look = replace(look, asked=named)
        try:
            hits = await self._find(named)
        except ProviderError as problem:
            raise _unknown_here(problem) from problem
        if isinstance(hits, Sim):
            return await self._card(hits, look)
        if len(hits) == 1 and verb is None:
            return await self._read_card(hits[0], look)
        if len(hits) == 1:
            return naming_view.nothing(named, hits, self._snapshot(), asked=())
        if hits:
            return naming_view.several(named, hits[:SHOWN], self._snapshot(), more=len(hits) > SHOWN, verb=verb)
        return self._nothing(named)

    async def show_listed(self, id: int, *, by: Person) -> Message:
        """The card of the SIM in this row of the snapshot, read now. Raises NotFound."""
        need(by, Role.VIEWER, to="look SIMs up")
        return await self._read_card(self._store.sims.get(id), Look(by))

    async def refresh(self, id: int, *, by: Person) -> Message:
        """The same in the place of the card it was pressed on. Raises NotFound."""
        return replace(await self.show_listed(id, by=by), replace=True)

    async def exact(self, id: int, *, by: Person) -> Message:
        """Its numbers to the byte, and SmartHub's own answer. Raises NotFound, ProviderError."""
        need(by, Role.VIEWER, to="look SIMs up")
        listed = self._store.sims.get(id)
        sim = await self._read(listed)
        return view.exact(sim, label=label_of(sim, self._label_field), read_at=self._clock.now())

    # --- one SIM, for what others do with it ---

    async def one(self, typed: str) -> tuple[int, Sim]:
        """The one SIM that was named, read now, and the number of its row; it is to be changed, so nothing is guessed.

        Raises BadInput, NotOneSim, NotFound, ProviderError.
        """
        named = read_name(typed)
        hits = await self._find(named)
        if isinstance(hits, Sim):
            return await self._remembered(hits), hits
        sim = await self._read(_just(named, _only(named, hits)))
        return await self._remembered(sim), sim

    async def listed(self, typed: str) -> Listed:
        """The one SIM that was named, as the snapshot knows it; SmartHub is asked only for one it does not know.

        Raises BadInput, NotOneSim, ProviderError.
        """
        named = read_name(typed)
        hits = await self._find(named)
        if isinstance(hits, Sim):
            return self._store.sims.get(await self._remembered(hits))
        return _only(named, hits)

    async def suggest(self, typed: str) -> tuple[tuple[str, str], ...]:
        """The SIMs for a menu while somebody types: what is read, and the number of its row."""
        return tuple(
            (f"{hit.label} · {hit.sim.giccid}" if hit.label != hit.sim.giccid else hit.label, str(hit.id))
            for hit in self._store.sims.suggest(typed)
        )

    # --- finding ---

    async def _find(self, named: Named) -> Sim | Sequence[Listed]:
        """What fits: rows of the snapshot, or the SIM itself where only SmartHub knows it."""
        hits = self._store.sims.named(named, limit=SHOWN + 1)
        if hits:
            return hits
        if named.digits is not None and named.could_be_iccid:
            try:
                return await self._hub.find(named.digits)
            except SimNotFound:
                return ()
        for kind in self._asked(named):
            found = await self._ask(kind, named)
            if found is not None:
                return found
        return ()

    def _asked(self, named: Named) -> Sequence[NumberKind]:
        """As what SmartHub is asked for a number that is not known here: as whatever it is long enough to be."""
        digits = named.digits or ""
        whole = [kind for kind in ASKED if kind in named.kinds and len(digits) >= WHOLE[kind]]
        if digits.startswith("00"):  # before the code of a country
            return sorted(whole, key=lambda kind: kind is not NumberKind.MSISDN)
        likely = len(digits) == WITH_CHECK_DIGIT and digits.startswith(IMEIS_BEGIN) and luhn_holds(digits)
        return sorted(whole, key=lambda kind: kind is not NumberKind.IMEI) if likely else whole

    async def _ask(self, kind: NumberKind, named: Named) -> Sim | None:
        """The SIM that has this number, from SmartHub's list; one without it is none, as the filter may be ignored."""
        for number in _spelled(kind, named):
            page = await anext(aiter(self._listing(kind, number)), None)
            found = next((sim for sim in page.sims if has_number(sim, named)), None) if page is not None else None
            if found is not None:
                return found
        return None

    def _listing(self, kind: NumberKind, number: str) -> AsyncIterator[Page]:
        match kind:
            case NumberKind.IMSI:
                return self._hub.sims(imsi=number, page_size=SHOWN)
            case NumberKind.IMEI:
                return self._hub.sims(imei=number, page_size=SHOWN)
        return self._hub.sims(msisdn=number, page_size=SHOWN)

    def _nothing(self, named: Named) -> Message:
        asked = [kind.upper() for kind in self._asked(named)]
        if named.could_be_iccid:
            asked = ["ICCID"]
        return naming_view.nothing(named, self._store.sims.near(named), self._snapshot(), asked=asked)

    def _snapshot(self) -> Snapshot:
        size = self._store.sims.size()
        return Snapshot(size.count, size.oldest_seen_at, self._clock.now())

    # --- reading ---

    async def _read(self, listed: Listed) -> Sim:
        """The SIM of this row, read now. Raises NotFound where SmartHub has it no more, and ProviderError."""
        try:
            return await self._hub.sim(listed.sim.giccid)
        except SimNotFound as gone:
            at = f"{listed.seen_at:%Y-%m-%d %H:%M} UTC"
            raise NotFound(
                f"“{quotable(listed.label)}” ({quotable(listed.sim.giccid)}) was last seen {at}. Now {gone}"
            ) from gone

    async def _read_card(self, listed: Listed, look: Look) -> Message:
        """The card, read now; while SmartHub tells nothing, what is known here, marked as old."""
        try:
            sim = await self._read(listed)
        except ProviderError as problem:
            seen = self._seen(listed.id, listed.sim, look)
            return view.card(listed.sim, replace(seen, read_at=listed.seen_at, problem=str(problem)))
        return await self._card(sim, look)

    async def _card(self, sim: Sim, look: Look) -> Message:
        """The card of a SIM that was read just now. A store that cannot be written costs its buttons."""
        try:
            row: int | None = await self._remembered(sim)
        except StoreError as problem:
            log.error("sim_not_remembered", problem=str(problem))
            known = self._store.sims.by_giccid(sim.giccid)
            row = None if known is None else known.id
        return view.card(sim, self._seen(row, sim, look))

    def _seen(self, id: int | None, sim: Sim, look: Look) -> view.Seen:
        now = self._clock.now()
        return view.Seen(
            id=id,
            label=label_of(sim, self._label_field),
            by=look.by,
            read_at=now,
            now=now,
            asked=look.asked,
            fits=self._fits,
            shield=self._store.protected.of(sim.giccid),
            request=self._store.approvals.open_of_sim(sim.giccid),
            alerts=self._store.alerts.live_of_sim(sim.giccid),
            units=self._units.to_the_byte(look.exact),
        )

    def _fits(self, operation: Operation, sim: Sim) -> bool:
        try:
            self._allow(operation, sim)
        except BotError:
            return False
        return True

    async def _remembered(self, sim: Sim) -> int:
        """The number of its row in the snapshot, which buttons carry. Raises StoreError."""
        return await self._store.sims.remember(sim, label=label_of(sim, self._label_field), now=self._clock.now())


def _only(named: Named, hits: Sequence[Listed]) -> Listed:
    """The one hit. Raises NotOneSim where there are more, or none."""
    if len(hits) == 1:
        return hits[0]
    if not hits:
        raise NotOneSim(f"No SIM fits “{quotable(named.typed)}”. {naming_view.tried(named)}")
    many = f"More than {SHOWN}" if len(hits) > SHOWN else len(hits)
    raise NotOneSim(f"{many} SIMs fit “{quotable(named.typed)}”. Name one by its ICCID.")


def _just(named: Named, hit: Listed) -> Listed:
    """The SIM, unless a whole ICCID was named that only looks like its own. Raises NotOneSim."""
    if named.could_be_iccid and not has_number(hit.sim, named):
        raise NotOneSim(f"No SIM has the number {named.digits}; {quotable(hit.sim.giccid)} looks near.")
    return hit


def _spelled(kind: NumberKind, named: Named) -> Sequence[str]:
    """The forms in which SmartHub may know this number: an IMEI with its check digit, and as it was typed."""
    if kind is NumberKind.IMEI and named.device is not None and len(named.device) == WITHOUT_CHECK_DIGIT:
        return tuple(dict.fromkeys((named.device + luhn_digit(named.device), named.digits or "")))
    return named.numbers[-1:]  # of a phone number the form without the 00 in front


def _unknown_here(problem: ProviderError) -> ProviderError:
    if isinstance(problem, ProviderDown):
        return ProviderDown(f"{problem} This SIM is not known here either.")
    return problem
