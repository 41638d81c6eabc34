"""The circuit: after too many failures in a row SmartHub is left alone for a while, then tried with one question."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.errors import OutcomeUnknown, ProviderDown, ProviderError


@dataclass(frozen=True)
class Circuit:
    """How SmartHub has been doing. Open from `after` failures in a row on; pure, each step gives a new one.

    While it is open nothing is sent for `rest`; then one question is, the probe. Its answer closes the circuit, its
    failure begins the rest anew. What was under way when it opened changes nothing by failing, and closes it by an
    answer.
    """

    after: int
    rest: timedelta
    failures: int = 0
    opened_at: datetime | None = None
    probing: bool = False

    @property
    def is_open(self) -> bool:
        """Whether SmartHub is being left alone."""
        return self.opened_at is not None

    def left(self, now: datetime) -> timedelta:
        """How long until a question may be sent; nothing when one may be sent now, or is on its way."""
        # A clock that was put back must not make the rest longer.
        if self.opened_at is None or now < self.opened_at:
            return timedelta(0)
        return max(timedelta(0), self.opened_at + self.rest - now)

    def lets_read(self, now: datetime) -> bool:
        """Whether a question may be sent now. While the circuit is open, that question is the probe."""
        return not self.is_open or (not self.probing and not self.left(now))

    def probed(self) -> Circuit:
        """After the probe was sent."""
        return replace(self, probing=True)

    def answered(self) -> Circuit:
        """After any answer that shows SmartHub at work, be it a refusal."""
        return Circuit(self.after, self.rest)

    def failed(self, now: datetime, *, probe: bool) -> Circuit:
        """After no answer, or one that says it does not work."""
        if self.is_open:
            return replace(self, opened_at=now, probing=False) if probe else self
        failures = self.failures + 1
        return replace(self, failures=failures, opened_at=now if failures >= self.after else None)

    def dropped(self, *, probe: bool) -> Circuit:
        """After we stopped waiting for an answer of our own accord, which says nothing about SmartHub."""
        return replace(self, probing=False) if probe else self


def is_failing(status: int) -> bool:
    """Whether an answer of this status says that SmartHub does not work."""
    return status >= 500 or status == 408


@dataclass
class Turn:
    """One request under way. `alive` is whether the answer shows SmartHub at work; a 5xx does not."""

    alive: bool = True


class Gate:
    """Lets requests through as the circuit says, and tells once when it opens and once when it closes."""

    def __init__(
        self, circuit: Circuit, *, now: Callable[[], datetime], tell: Callable[[bool, str], None] | None
    ) -> None:
        self._circuit = circuit
        self._now = now
        self._tell = tell

    @property
    def is_open(self) -> bool:
        """Whether SmartHub is being left alone."""
        return self._circuit.is_open

    def check_read(self) -> None:
        """Raises ProviderDown when no question may be sent now, saying when one will be."""
        if not self._circuit.lets_read(self._now()):
            raise ProviderDown(f"SmartHub is not answering, so it is left alone for now. {self._when()}")

    def check_change(self) -> None:
        """Raises ProviderDown while the circuit is open: a change is never what tries whether SmartHub is back."""
        if self._circuit.is_open:
            raise ProviderDown(
                f"SmartHub is not answering, so nothing was sent and nothing was changed. {self._when()}"
            )

    def _when(self) -> str:
        left = self._circuit.left(self._now()).total_seconds()
        return f"It will be tried again in {left:.0f} seconds." if left >= 0.5 else "It is being tried again now."

    @contextmanager
    def turn(self, *, out_of_time: Callable[[], bool], change: bool = False) -> Iterator[Turn]:
        """Counts what becomes of the request inside. Raises ProviderDown where none may be sent.

        `out_of_time` says of a cancellation whether it was our time limit: then SmartHub was too slow.
        """
        if change:
            self.check_change()
        else:
            self.check_read()
        probe = self._circuit.is_open
        if probe:
            self._circuit = self._circuit.probed()
        turn = Turn()
        after = self._circuit.dropped(probe=probe)
        try:
            yield turn
        except (ProviderDown, OutcomeUnknown):
            after = self._circuit.failed(self._now(), probe=probe)
            raise
        except ProviderError:
            after = self._circuit.answered()
            raise
        except asyncio.CancelledError:
            slow = out_of_time()
            after = self._circuit.failed(self._now(), probe=probe) if slow else self._circuit.dropped(probe=probe)
            raise
        except BaseException:
            after = self._circuit.dropped(probe=probe)
            raise
        else:
            after = self._circuit.answered() if turn.alive else self._circuit.failed(self._now(), probe=probe)
        finally:
            self._become(after)

    def _become(self, after: Circuit) -> None:
        before, self._circuit = self._circuit, after
        if self._tell is None or before.is_open == after.is_open:
            return
        words = (
            f"SmartHub did not answer {after.failures} times in a row. Nothing is sent to it for "
            f"{after.rest.total_seconds():.0f} seconds; then it is tried again."
            if after.is_open
            else "SmartHub answers again."
        )
        # Not from in here: who is told must not be able to change what becomes of the request.
        asyncio.get_running_loop().call_soon(self._tell, after.is_open, words)
