"""The knobs that make the simulator's SmartHub misbehave. All at rest, it behaves."""

from __future__ import annotations

from aiohttp import web

from bot.simulator.hub.answers import problem
from bot.smarthub.contract import ENDPOINTS

CHANGES = frozenset(e.name for e in ENDPOINTS if e.changes)


class Knobs:
    """What goes wrong next, and what goes wrong until further notice."""

    slow: float = 0.0
    """Seconds of the clock that pass between the work, which is done at once, and its answer."""
    down: bool = False
    """Whether every request is answered 503."""
    announces: bool = False
    """Whether a change of state is also pushed as `sim-status-change`, as the real service does."""
    devices_answer: bool = False
    """Whether a device that gets an SMS sends one back."""

    def __init__(self) -> None:
        self._lose: list[str | None] = []
        self._refuse: list[str] = []
        self._busy: list[str] = []
        self._forbid = 0
        self._broken: list[tuple[bytes, str, int | None]] = []

    def lose_next(self, operation: str | None = None) -> None:
        """The next request of that operation (of any change, where none is named) is done and then not answered."""
        self._lose.append(operation)

    def refuse_next(self, code: str = "illegal_status") -> None:
        """The next change is refused with 422 and this code."""
        self._refuse.append(code)

    def busy(self, times: int = 1, retry_after: int | str = 2) -> None:
        """The next requests are turned away with 429 and this `Retry-After`."""
        self._busy += [str(retry_after)] * times

    def forbid(self, times: int = 1) -> None:
        """The next requests are turned away with 403: the key is right and may not do this."""
        self._forbid += times

    def broken_next(self, body: bytes, content_type: str = "application/json", *, page: int | None = None) -> None:
        """The next request (for that page of a list, where one is named) is done and answered 200 with this body."""
        self._broken.append((body, content_type, page))

    def rest(self) -> None:
        """Puts these knobs at rest."""
        self.slow, self.down, self.announces, self._forbid = 0.0, False, False, 0
        for waiting in (self._lose, self._refuse, self._busy, self._broken):
            waiting.clear()

    def turned_away(self) -> web.Response | None:
        """503, 403 or 429, where that is set."""
        if self.down:
            return problem(503)
        if self._forbid:
            self._forbid -= 1
            return problem(403)
        if not self._busy:
            return None
        answer = problem(429)
        answer.headers["Retry-After"] = self._busy.pop(0)
        return answer

    def refusal_code(self, operation: str) -> str | None:
        """The code with which this change is to be refused; `None` where it is not."""
        return self._refuse.pop(0) if self._refuse and operation in CHANGES else None

    def loses(self, operation: str) -> bool:
        """Whether the answer to this operation is to be lost."""
        for wanted in (operation, None):
            if wanted in self._lose and (wanted is not None or operation in CHANGES):
                self._lose.remove(wanted)
                return True
        return False

    def broken(self, page: str | None) -> web.Response | None:
        """What to answer in place of the right answer, to who asks for that page; `None` for the right one."""
        for one in self._broken:
            body, content_type, wanted = one
            if wanted is None or str(wanted) == page:
                self._broken.remove(one)
                return web.Response(body=body, headers={"Content-Type": content_type})
        return None
