"""The trouble a test can make for the bot: Slack busy, down, refusing, or breaking off."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.simulator.slack.shapes import Refused

BURST = 5
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass
class _Planned:
    method: str | None
    times: int
    retry_after: int = 0
    error: str = ""


@dataclass
class Trouble:
    """What Slack is told to do wrong. `down` answers 503 to everything until it is set back; `unknown_blocks` are types
    of blocks that it refuses in messages, as a workspace does that has not got them yet.
    """

    down: bool = False
    strict_rate: bool = False
    unknown_blocks: set[str] = field(default_factory=set)
    _busy: list[_Planned] = field(default_factory=list)
    _refusals: list[_Planned] = field(default_factory=list)
    _lost: list[str] = field(default_factory=list)
    _room: dict[str, tuple[float, datetime]] = field(default_factory=lambda: defaultdict(lambda: (BURST, _LONG_AGO)))

    def plan_busy(self, *, times: int, retry_after: int, method: str | None) -> None:
        """The next calls (of this method, or any) are answered 429."""
        self._busy.append(_Planned(method, times, retry_after=retry_after))

    def plan_refusal(self, method: str, error: str, *, times: int) -> None:
        """The next calls of this method are refused with that word."""
        self._refusals.append(_Planned(method, times, error=error))

    def plan_loss(self, method: str) -> None:
        """The next call of this method is carried out, and its answer lost."""
        self._lost.append(method)

    def busy(self, method: str) -> int | None:
        """The seconds to wait, when this call is to be answered 429."""
        planned = _take(self._busy, method)
        return planned.retry_after if planned is not None else None

    def refusal(self, method: str) -> str | None:
        """Slack's word, when this call is to be refused."""
        planned = _take(self._refusals, method)
        return planned.error if planned is not None else None

    def check_known(self, blocks: object) -> None:
        """Nothing, when all of these blocks are known; raises Refused as Slack does for types it does not know."""
        if not isinstance(blocks, list):
            return
        types = [block.get("type") if isinstance(block, dict) else None for block in blocks]
        wrong = [
            f"unsupported type: {t} [json-pointer:/blocks/{at}/type]"
            for at, t in enumerate(types)
            if t in self.unknown_blocks
        ]
        if wrong:
            raise Refused("invalid_blocks", wrong)

    def lost(self, method: str) -> bool:
        """Whether the answer of this call is to be lost."""
        if method not in self._lost:
            return False
        self._lost.remove(method)
        return True

    def too_fast(self, channel: str, *, now: datetime) -> bool:
        """Whether one more message in this channel is more than one a second over a burst of five."""
        if not self.strict_rate:
            return False
        room, since = self._room[channel]
        room = min(BURST, room + max((now - since).total_seconds(), 0))
        self._room[channel] = (room - 1 if room >= 1 else room, now)
        return room < 1


def _take(planned: list[_Planned], method: str) -> _Planned | None:
    for one in planned:
        if one.method in (None, method):
            one.times -= 1
            if one.times <= 0:
                planned.remove(one)
            return one
    return None
