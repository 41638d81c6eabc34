"""SmartHub, typed: one method for each operation of docs/smarthub-openapi.yaml."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import TypeVar

from bot.errors import OutcomeUnknown, ProviderError, SimNotFound
from bot.rules.accounts import Account, Country, Enterprise
from bot.rules.batches import BatchJob
from bot.rules.changes import ChangeKind
from bot.rules.plans import Plan
from bot.rules.pools import Pool
from bot.rules.sims import Sim, Status, read_iccid, spellings
from bot.rules.sms import Coding, Sms
from bot.smarthub import accounts, batches, row_pages, sims, sms, wire
from bot.smarthub.lists import Lists
from bot.smarthub.paging import LogPage, Page, read_log_page, read_page
from bot.smarthub.problems import Subject, lost
from bot.smarthub.row_pages import Read, RowPage

T = TypeVar("T")


class SmartHub(Lists):
    """SmartHub, typed. One for the process; `close` it, or use it with `async with`.

    Every call may raise BadInput before anything is sent, and KeyRefused, AccessForbidden, ProviderBusy, ProviderDown
    or ProviderError. A change may also raise ChangeRefused, AddressNotConfirmed and OutcomeUnknown; after the last one,
    read before doing anything else. `raw` on what comes back is SmartHub's whole answer.
    """

    # SIMs

    async def sim(self, giccid: str) -> Sim:
        """The SIM as SmartHub describes it now. Raises SimNotFound."""
        answer = await self._read("getSim", {"giccid": giccid}, about=Subject("SIM", giccid))
        sim = sims.read_sim(wire.read_object(answer.body), self._contract, unreadable=self._unread.of_sim)
        if not sims.is_about(sim, giccid):
            raise ProviderError(f"SmartHub was asked for SIM {giccid} and described another one, so that was not used.")
        return sim

    async def find(self, iccid: str) -> Sim:
        """The SIM with this ICCID, with or without its check digit. Raises SimNotFound."""
        tried = spellings(read_iccid(iccid))
        for spelling in tried:
            try:
                return await self.sim(spelling)
            except SimNotFound:
                continue
        raise SimNotFound(f"SmartHub has no SIM {tried[0]}, nor {' or '.join(tried[1:])}.")

    async def sims(
        self,
        *,
        account: str | None = None,
        status: Status | None = None,
        plan: str | None = None,
        iccid: str | None = None,
        imsi: str | None = None,
        msisdn: str | None = None,
        imei: str | None = None,
        page_size: int | None = None,
        first: int = 1,
        ahead: int = 0,
    ) -> AsyncIterator[Page]:
        """The SIMs that fit, page by page from the `first` on, without `raw`; as many pages in memory as are read
        `ahead`, and the one that is looked at.

        Raises as a read, at any page.
        """
        filters = sims.write_filters(
            self._contract,
            account=account,
            status=status,
            plan=plan,
            iccid=iccid,
            imsi=imsi,
            msisdn=msisdn,
            imei=imei,
        )
        async for number, rows in self._pages("listSims", filters, page_size=page_size, first=first, ahead=ahead):
            yield read_page(rows, number, self._contract, unreadable=self._unread.of_sim, skipped=self._unread.row)

    async def rows(
        self, *, account: str | None = None, first: int = 1, ahead: int = 0, salt: bytes
    ) -> AsyncIterator[RowPage]:
        """The same, before their rows are read: see `read`. `salt` goes into what they are known by."""
        filters = sims.write_filters(self._contract, account=account)
        pages = self._pages("listSims", filters, first=first, ahead=ahead, rows_in=wire.cut_rows)
        async for number, rows in pages:
            yield row_pages.cut(rows, number, self._contract, salt=salt)

    def read(self, page: RowPage) -> Read:
        """The SIMs in the rows of a page, or of a part of one."""
        return row_pages.read(page, self._contract, unreadable=self._unread.of_sim, skipped=self._unread.row)

    async def change_log(
        self,
        giccid: str | None = None,
        kind: ChangeKind | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        page_size: int | None = None,
    ) -> AsyncIterator[LogPage]:
        """The changes of status, plan and IMEI that fit, page by page, in SmartHub's order. Raises at any page."""
        filters = sims.write_log_filters(self._contract, giccid=giccid, kind=kind, since=since, until=until)
        async for number, rows in self._pages("listSimChangeLogs", filters, page_size=page_size):
            yield read_log_page(rows, number, self._contract, giccid=giccid)

    def line(self, name: str) -> str:
        """The method and path of a change. Raises AddressNotConfirmed where it could not be sent."""
        endpoint = self._contract.endpoint(name)
        return f"{endpoint.method} {endpoint.path}"

    async def activate(self, giccid: str) -> None:
        """Returns when SmartHub has accepted; read the SIM again to know its state."""
        await self._change_sim("activateSim", giccid)

    async def suspend(self, giccid: str) -> None:
        """Returns when SmartHub has accepted; read the SIM again to know its state."""
        await self._change_sim("suspendSim", giccid)

    async def retire(self, giccid: str) -> None:
        """Returns when SmartHub has accepted; read the SIM again to know its state. Retiring is final."""
        await self._change_sim("retireSim", giccid)

    async def subscribe_addon(self, giccid: str, plan: str) -> None:
        """Orders a supplementary rate plan for a SIM, which costs money; returns when SmartHub has accepted."""
        await self._change_sim("subscribeSupplementaryPackage", giccid, body=sims.write_plan(plan, self._contract))

    async def change_plan(self, giccid: str, plan: str) -> None:
        """Gives a SIM another basic rate plan; returns when SmartHub has accepted."""
        await self._change_sim("changeBasicPackage", giccid, body=sims.write_plan(plan, self._contract))

    async def set_apn(self, giccid: str, apn: str, enabled: bool) -> None:
        """Switches an APN of a SIM on or off; returns when SmartHub has accepted."""
        body = sims.write_apn(apn, self._contract, enabled=enabled)
        await self._change_sim("changeApnStatus", giccid, body=body)

    async def custom(self, giccid: str) -> tuple[str | None, ...]:
        """The five custom fields of a SIM. Raises SimNotFound."""
        answer = await self._read("getSimCustomFields", {"giccid": giccid}, about=Subject("SIM", giccid))
        return sims.read_custom(wire.read_object(answer.body), self._contract)

    async def set_custom(self, giccid: str, values: Sequence[str | None]) -> None:
        """Sets all five custom fields: read them first, and send back those that stay."""
        await self._change_sim("updateSimCustomFields", giccid, body=sims.write_custom(values, self._contract))

    async def _change_sim(self, name: str, giccid: str, *, body: wire.Json | None = None) -> None:
        await self._change(name, {"giccid": giccid}, body=body, about=Subject("SIM", giccid))

    # Batch jobs

    async def batch_activate(self, giccids: Sequence[str]) -> str:
        """Stores a job that activates these SIMs, 1 to 1000 and each once; its id. The job runs later."""
        return await self._store_job("batchActivate", batches.write_batch(giccids, self._contract))

    async def batch_suspend(self, giccids: Sequence[str]) -> str:
        """Stores a job that suspends these SIMs, 1 to 1000 and each once; its id. The job runs later."""
        return await self._store_job("batchSuspend", batches.write_batch(giccids, self._contract))

    async def batch_retire(self, giccids: Sequence[str]) -> str:
        """Stores a job that retires these SIMs, 1 to 1000 and each once; its id. The job runs later; it is final."""
        return await self._store_job("batchRetire", batches.write_batch(giccids, self._contract))

    async def batch_change_plan(self, giccids: Sequence[str], plan: str) -> str:
        """Stores a job that gives these SIMs, 1 to 1000 and each once, another basic plan; its id. It runs later."""
        body = {**batches.write_batch(giccids, self._contract), **sims.write_plan(plan, self._contract)}
        return await self._store_job("batchChangeBasicPackage", body)

    async def batch_job(self, job_id: str) -> BatchJob:
        """A job as it stands now, with the result of each SIM. Raises NotFound."""
        answer = await self._read("getBatchJob", {"jobId": job_id}, about=Subject("job", job_id))
        job = batches.read_job(wire.read_object(answer.body), self._contract)
        return self._same(job, job.id, Subject("job", job_id))

    async def _store_job(self, name: str, body: wire.Json) -> str:
        said = await self._change(name, {}, body=body, wanted=True)
        try:
            return batches.read_job_id(wire.read_object(said), self._contract)
        except ProviderError as exc:
            raise self._unreadable(name) from exc

    # SMS

    async def send_sms(
        self, giccid: str, text: str, *, coding: Coding | None = None, validity: int | None = None
    ) -> Sms:
        """The SMS as SmartHub has taken it over, which is not delivered yet: `sms` follows it. It is sent once.

        `validity` is a TP-VP from 0 to 255, see `bot.rules.sms`. An answer without an id is OutcomeUnknown.
        """
        body = sms.write_sms(giccid, text, self._contract, coding=coding, validity=validity)
        said = await self._change("sendSms", {}, body=body, about=Subject("SIM", giccid), wanted=True)
        try:
            return sms.read_sent(wire.read_object(said), self._contract)
        except ProviderError as exc:
            raise self._unreadable("sendSms") from exc

    async def sms(self, id: str) -> Sms:
        """What became of an SMS. Raises NotFound."""
        answer = await self._read("getSms", {"smsMsgId": id}, about=Subject("SMS", id))
        found = sms.read_sms(wire.read_object(answer.body), self._contract)
        return self._same(found, found.id, Subject("SMS", id))

    # Accounts

    async def enterprise(self) -> Enterprise:
        """The enterprise whose key we hold, and the accounts below it."""
        answer = await self._read("getEnterprise", {})
        return accounts.read_enterprise(
            wire.read_object(answer.body), self._contract, unreadable=self._unread.of_account
        )

    async def account(self, name: str) -> Account:
        """The account of that name. Raises NotFound."""
        answer = await self._read("getAccount", {"name": name}, about=Subject("account", name))
        return accounts.read_account(wire.read_object(answer.body), self._contract, unreadable=self._unread.of_account)

    async def plans(self, account: str) -> tuple[Plan, ...]:
        """The rate plans of an account. Raises NotFound."""
        rows = await self._of_account("listServicePackages", account)
        return tuple(accounts.read_plan(row, self._contract, unreadable=self._unread.of_account) for row in rows)

    async def pools(self, account: str) -> tuple[Pool, ...]:
        """The shared data pools of an account. Raises NotFound."""
        rows = await self._of_account("listSharePools", account)
        return tuple(accounts.read_pool(row, self._contract, unreadable=self._unread.of_account) for row in rows)

    async def countries(self, account: str | None = None, cycle: str | None = None) -> tuple[Country, ...]:
        """Traffic and SIMs by country, of one account or all, in a cycle like `2026-11`. Raises NotFound."""
        about = None if account is None else Subject("account", account)
        query = accounts.write_country_filters(account=account, cycle=cycle)
        rows = await self._listed("getCountryStatistics", {}, query=query, about=about)
        return tuple(accounts.read_country(row, self._contract, unreadable=self._unread.of_account) for row in rows)

    async def _of_account(self, name: str, account: str) -> Sequence[object]:
        return await self._listed(name, {"accountName": account}, about=Subject("account", account))

    # All of them

    def _same(self, found: T, id: str, asked: Subject) -> T:
        """What was found, when it is what was asked for."""
        if id != asked.name:
            raise ProviderError(f"SmartHub was asked for {asked} and described another one, so that was not used.")
        return found

    def _unreadable(self, name: str) -> OutcomeUnknown:
        return OutcomeUnknown(lost("SmartHub accepted, and its answer cannot be read", self._contract.endpoint(name)))
