"""The demo's story: who is there, and what one can make happen to them from the panel beside the channels."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from math import nan
from typing import Any

import aiohttp

from bot.errors import BadInput, NotFound, NotPossible
from bot.rules.events import EVENTS
from bot.simulator.hub import Hub
from bot.simulator.process import BotProcess
from bot.simulator.slack import Channel, Person, Slack

Json = dict[str, Any]  # Any: the page's protocol is JSON
Play = Callable[[dict[str, str]], Awaitable[str]]

PEOPLE: Sequence[Person] = (
    Person("U0OMAR", "omar", "Omar Haddad", note="operator"),
    Person("U0ANA", "ana", "Ana Costa", note="approver"),
    Person("U0ALEX", "alex", "Alex Meyer", note="approver"),
    Person("U0VERA", "vera", "Vera Lindt", note="viewer"),
    Person("U0ADI", "adi", "Adi Okoye", note="admin"),
)
OPS, APPROVALS, ALERTS, SMS = "C0SIMOPS", "C0APPROVALS", "C0ALERTS", "C0SMS"
APPROVERS = "S0APPROVERS"
GROUPS = {APPROVERS: ("U0ANA", "U0ALEX")}
HOSTILE = "<!channel> *Battery* low, see <http://evil.example|here> `rm` 🔋 =HYPERLINK(1)"


def channels() -> list[Channel]:
    """The four channels, everybody in them, the bot too."""
    everybody = {person.id for person in PEOPLE}
    names = ((OPS, "sim-ops"), (APPROVALS, "sim-approvals"), (ALERTS, "sim-alerts"), (SMS, "sim-sms"))
    return [Channel(channel, name, set(everybody)) for channel, name in names]


def settings(*, slack: str, smarthub: str, store: str) -> Json:
    """The demo's configuration: as a team would write it, with checks every few seconds so that one sees them."""
    return {
        "slack": {"api_url": slack, "approvals_channel": APPROVALS, "alerts_channel": ALERTS},
        "smarthub": {"base_url": smarthub},
        "roles": {
            "viewers": ["everyone"],
            "operators": ["U0OMAR"],
            "approvers": [APPROVERS],
            "admins": ["U0ADI"],
        },
        "approvals": {"settle_every": "10s", "settle_for": "2m"},
        "alerts": {"every": "10s"},
        "sms": {"channel": SMS},
        "sms.templates": {"reboot": "REBOOT {label}", "status": "STATUS"},
        "http": {"host": "127.0.0.1"},
        "store": {"path": store},
        "log": {"format": "text"},
    }


class Story:
    """What the panel offers (`bot.simulator.slack.World`): SmartHub's notifications and moods, Slack's, and the bot."""

    def __init__(self, *, hub: Hub, slack: Slack, bot: BotProcess) -> None:
        self._hub, self._slack, self._bot = hub, slack, bot
        self._watching: set[asyncio.Task[None]] = set()
        self._plays: dict[str, Play] = {
            "push": self._push,
            "push-hostile": self._push_hostile,
            "push-odd": self._push_odd,
            "sms": self._sms,
            "sms-answer": self._sms_answer,
            "grow": self._grow,
            "expire": self._expire,
            "hub-lose": self._lose,
            "hub-refuse": self._refuse,
            "hub-slow": self._slow,
            "hub-busy": self._busy,
            "hub-down": self._down,
            "slack-busy": self._slack_busy,
            "slack-down": self._slack_down,
            "bot-kill": self._kill,
            "bot-start": self._start,
        }

    def controls(self) -> list[Json]:
        """The buttons and switches of the panel."""
        which = {"name": "giccid", "label": "Active SIM", "type": "select", "options": self._choices()}
        names = [{"value": name, "label": words} for name, words in EVENTS.items()]
        event = {"name": "event", "label": "Notification", "type": "select", "options": names, "value": "imei-change"}
        percent: Json = {"name": "percent", "label": "Percent of the quota", "type": "number", "value": "85"}
        days: Json = {"name": "days", "label": "Days left", "type": "number", "value": "3"}
        text: Json = {"name": "text", "label": "Text", "type": "text", "value": "BATT 12% LOW"}
        percent["unit"], days["unit"] = ["%", "%"], ["day", "days"]  # for one, for many
        busy = "The next three requests are turned away with 429."
        told = "Notifications"
        mood, slack, bot = "SmartHub's mood", "Slack's mood", "The bot"
        return [
            _button("push", told, "Push", fields=[event, which]),
            _button("push-hostile", told, "Push a hostile SMS", help="It tries to ping the channel and to link."),
            _button("push-odd", told, "Push something unreadable", help="Kept, flagged and shown as it came."),
            _button(
                "sms", "Devices", "Send an SMS", help="It lands in the SIM's thread in #sim-sms.", fields=[which, text]
            ),
            _toggle("sms-answer", "Devices", "Answer each SMS they get", on=self._hub.devices_answer),
            _button("grow", "Usage", "Let usage grow", help="The check runs every 10 s.", fields=[which, percent]),
            _button("expire", "Usage", "Let the plan expire", fields=[which, days]),
            _button("hub-lose", mood, "Lose the next answer", help="The change is made, the connection breaks."),
            _button("hub-refuse", mood, "Refuse the next change"),
            _toggle("hub-slow", mood, "Slow: 8 s an answer", on=self._hub.slow > 0),
            _button("hub-busy", mood, "Busy", help=busy),
            _toggle("hub-down", mood, "Down", on=self._hub.down),
            _button("slack-busy", slack, "Busy", help="The next call gets 429 and has to wait 5 s."),
            _toggle("slack-down", slack, "Down", on=self._slack.down),
            {**_button("bot-kill", bot, "Kill the bot (kill -9)"), "danger": True},
            _button("bot-start", bot, "Start the bot"),
        ]

    def state(self) -> Json:
        """How everybody is, in a few lines, and a command worth trying while a SIM is active."""
        process = "starting" if self._bot.starting else "running"
        bot = f"{process}, process {self._bot.pid}" if self._bot.running else "not running"
        hub = "down" if self._hub.down else "slow" if self._hub.slow else "well"
        lines = {"Bot": bot, "SmartHub": hub, "Slack": "down" if self._slack.down else "well"}
        active = self._choices()[:1]
        return {
            "lines": [{"label": label, "value": value} for label, value in lines.items()],
            "example": f"/sim suspend {active[0]['value']} because lost" if active else "",
        }

    async def play(self, id: str, fields: dict[str, str]) -> str:
        """Makes it happen; a sentence says what did. Raises NotFound, BadInput and NotPossible."""
        play = self._plays.get(id)
        if play is None:
            raise NotFound(f"There is no “{id[:40]}” to play here.")
        try:
            return await play(fields)
        finally:
            self._slack.world_changed()

    def watch(self) -> None:
        """Tells the page when the bot ends by itself."""
        task = asyncio.get_running_loop().create_task(self._tell_when_ended())
        self._watching.add(task)
        task.add_done_callback(self._watching.discard)

    async def _tell_when_ended(self) -> None:
        await self._bot.wait()
        self._slack.world_changed()

    def _choices(self) -> list[Json]:
        """A dozen SIMs at work, by their labels and numbers."""
        rows = [self._hub.sim(n) for n in range(min(40, self._hub.world.fleet.count))]
        active = [row for row in rows if row["status"] == "ACTIVATED"][:12]
        return [{"value": str(r["giccid"]), "label": _called(r)} for r in active]

    def _label(self, giccid: str) -> str:
        return str(self._hub.sim(giccid).get("custom1") or giccid)

    def _which(self, fields: dict[str, str]) -> str:
        """The SIM that was chosen, or the first active one."""
        giccid = fields.get("giccid", "").strip()
        if giccid and self._hub.world.sim(giccid) is None:
            raise NotFound(f"SmartHub has no SIM {giccid[:40]}.")
        try:
            return giccid or self._hub.pick()
        except IndexError:
            raise NotFound("No SIM is active.") from None

    def _when_checked(self) -> str:
        if not self._bot.running:
            return "The bot is not running, so nobody looks."
        if self._hub.down:
            return "SmartHub is down, so the bot cannot look."
        return "SmartHub is slow, so the next check takes long." if self._hub.slow else "The next check is within 10 s."

    async def _push(self, fields: dict[str, str]) -> str:
        giccid, event = self._which(fields), fields.get("event") or "imei-change"
        if event not in EVENTS:
            raise NotFound(f"SmartHub has no notification “{event[:40]}”.")
        body = self._hub.payload(event, giccid)
        # What is announced is so: the SIM's card must not say otherwise.
        if event == "no-session":
            self._hub.change(giccid, lastSessionTime=json.loads(body)["lastSessionTime"])
        elif event == "sim-status-change":
            self._hub.change(giccid, status=json.loads(body)["newStatus"])
        return await self._pushed(self._hub.push_raw(event, body), f"“{EVENTS[event]}” for {self._label(giccid)}")

    async def _push_hostile(self, fields: dict[str, str]) -> str:
        giccid = self._which(fields)
        return await self._pushed(self._hub.push("mo-sms", giccid, messageText=HOSTILE), "A hostile SMS")

    async def _sms(self, fields: dict[str, str]) -> str:
        giccid, text = self._which(fields), fields.get("text", "").strip() or "BATT 12% LOW"
        said = f"{self._label(giccid)} says “{text[:40]}”"
        return await self._pushed(self._hub.push("mo-sms", giccid, messageText=text), said)

    async def _sms_answer(self, _: dict[str, str]) -> str:
        self._hub.devices_answer = not self._hub.devices_answer
        return "Devices answer SMS now." if self._hub.devices_answer else "Devices keep silent now."

    async def _push_odd(self, _: dict[str, str]) -> str:
        return await self._pushed(self._hub.push_raw("no-session", b"{not json"), "A body that is not JSON")

    async def _pushed(self, push: Awaitable[int], what: str) -> str:
        try:
            return f"{what}: pushed, the bot answered {await push}."
        except (aiohttp.ClientError, TimeoutError):
            return f"{what}: the bot cannot be reached. SmartHub does not try again."

    async def _grow(self, fields: dict[str, str]) -> str:
        giccid, percent = self._which(fields), _number(fields, "percent", default="85", least=0, most=1000)
        self._hub.grow(giccid, fraction=percent / 100)
        return f"{self._label(giccid)} has used {percent:g} % of its quota. {self._when_checked()}"

    async def _expire(self, fields: dict[str, str]) -> str:
        giccid, days = self._which(fields), _number(fields, "days", default="3", least=-30, most=3650)
        self._hub.expire_in(giccid, days)
        return f"The plan of {self._label(giccid)} {_ends(days)}. {self._when_checked()}"

    async def _lose(self, _: dict[str, str]) -> str:
        self._hub.lose_next()
        return "The next change will be made, and its answer lost."

    async def _refuse(self, _: dict[str, str]) -> str:
        self._hub.refuse_next()
        return "The next change will be refused (illegal_status)."

    async def _slow(self, _: dict[str, str]) -> str:
        self._hub.slow = 0.0 if self._hub.slow else 8.0
        return "Each answer takes 8 s now." if self._hub.slow else "SmartHub is quick again."

    async def _busy(self, _: dict[str, str]) -> str:
        self._hub.busy(3)
        return "The next three requests are turned away with 429."

    async def _down(self, _: dict[str, str]) -> str:
        self._hub.down = not self._hub.down
        return "SmartHub is down now." if self._hub.down else "SmartHub is up again."

    async def _slack_busy(self, _: dict[str, str]) -> str:
        self._slack.busy(1, retry_after=5)
        return "The next call gets 429 with Retry-After: 5."

    async def _slack_down(self, _: dict[str, str]) -> str:
        self._slack.down = not self._slack.down
        return "Slack's Web API is down now." if self._slack.down else "Slack's Web API is up again."

    async def _kill(self, _: dict[str, str]) -> str:
        if not self._bot.running:
            return "The bot is not running."
        self._bot.kill()
        await self._bot.wait()
        return "The bot was killed. Start it and see what it makes of what it left."

    async def _start(self, _: dict[str, str]) -> str:
        if self._bot.running:
            return "The bot is starting already." if self._bot.starting else "The bot is running already."
        try:
            is_up = await self._bot.start()
        except NotPossible as problem:
            sentence, *log = str(problem).splitlines()
            raise NotPossible(" ".join([sentence, *log[-1:]])) from None
        self.watch()
        return "The bot is running again." if is_up else "The bot was ended before it was up."


def _called(sim: Mapping[str, object]) -> str:
    """A SIM's label with its number, which commands take."""
    label, giccid = sim.get("custom1"), str(sim["giccid"])
    return f"{label} · {giccid}" if label else giccid


def _number(fields: Mapping[str, str], name: str, *, default: str, least: float, most: float) -> float:
    word = fields.get(name, "").strip() or default
    try:
        number = float(word)
    except ValueError:
        number = nan
    if not least <= number <= most:  # no bound holds for what is not a number
        raise BadInput(f"“{word[:40]}” does not do for {name}: write a number from {least:g} to {most:g}.")
    return number


def _ends(days: float) -> str:
    if days == 0:
        return "ends now"
    words = f"{abs(days):g} {'day' if abs(days) == 1 else 'days'}"
    return f"ends in {words}" if days > 0 else f"ended {words} ago"


def _button(id: str, group: str, label: str, *, help: str = "", fields: Sequence[Json] = ()) -> Json:
    return {"id": id, "group": group, "label": label, "kind": "button", "help": help, "fields": list(fields)}


def _toggle(id: str, group: str, label: str, *, on: bool) -> Json:
    return {"id": id, "group": group, "label": label, "kind": "toggle", "on": on}
