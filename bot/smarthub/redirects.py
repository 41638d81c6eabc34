"""Where a redirect may lead: nowhere but to another address of the same SmartHub."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from bot.errors import ProviderError

FOR_GOOD = frozenset({301, 308})
THIS_TIME = frozenset({302, 303, 307})
HOPS = 5


def same_place(one: str, other: str) -> bool:
    """Whether two addresses have the same scheme, host and port, and no user in them."""
    try:
        return _place(one) == _place(other)
    except ValueError:
        return False


def _place(url: str) -> tuple[str, str | None, int | None, str | None]:
    parts = urlsplit(url)
    port = parts.port if parts.port is not None else {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname, port, parts.username


class Moved:
    """The addresses SmartHub has said it moved for good, for as long as this process lives."""

    def __init__(self, base_url: str) -> None:
        self._base = base_url
        self._to: dict[str, str] = {}

    def now(self, url: str) -> str:
        """Where this address is now."""
        for _ in range(HOPS):
            url = self._to.get(url, url)
        return url

    def follow(self, url: str, status: int, location: str | None) -> str:
        """Where to go from here. Raises ProviderError for a redirect that leads to another host, scheme or port."""
        try:
            target = urljoin(url, location) if location else ""
        except ValueError:
            target = ""
        if not target or not same_place(self._base, target):
            raise ProviderError(
                f"SmartHub redirects ({status}) to somewhere that is not SmartHub; the key was not sent there. "
                "If it has moved, write its new address under smarthub.base_url."
            )
        if status in FOR_GOOD:
            if len(self._to) >= 1000:
                self._to.clear()
            self._to[url] = target
        return target

    def forget(self) -> None:
        """Forgets all, after redirects that went round in a circle."""
        self._to.clear()
