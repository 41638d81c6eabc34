"""The contract with SmartHub: what we know of it (tables.py) with what the operator changed in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from bot.errors import AddressNotConfirmed, ConfigError
from bot.smarthub.tables import ENDPOINTS, ENUMS, FIELDS, Basis, Endpoint, Enums, Fields

__all__ = ["ENDPOINTS", "ENUMS", "FIELDS", "Basis", "Contract", "Endpoint", "contract"]


@dataclass(frozen=True)
class Contract:
    """The three tables with the operator's changes in them. Made by `contract`."""

    endpoints: Mapping[str, Endpoint]
    fields: Fields
    enums: Enums
    _theirs: Mapping[tuple[str, str], str] = field(repr=False)

    def endpoint(self, name: str) -> Endpoint:
        """The operation of that name, ready to be called.

        Raises AddressNotConfirmed for a change whose address is only assumed, before anything is sent.
        """
        found = self.endpoints[name]
        if found.changes and found.guessed:
            raise AddressNotConfirmed(
                f"Nothing was sent: the address of {name} ({found.method} {found.path}) is only assumed. When SmartHub "
                f"confirms it, write confirmed = true under [smarthub.operations.{name}] in config.toml: "
                f"`[smarthub.operations.{name}] confirmed = true`."
            )
        return found

    def keys(self, table: str, ours: str) -> tuple[str, ...]:
        """SmartHub's keys for one of our fields, the likeliest first."""
        return self.fields[table][ours]

    def ours(self, enum: str, word: str) -> str | None:
        """Our word for one of SmartHub's; `None` when it is in no table."""
        return self.enums[enum].get(word)

    def theirs(self, enum: str, word: str) -> str:
        """SmartHub's word for one of ours; where the operator added one, that one."""
        return self._theirs[enum, word]


def contract(
    *,
    operations: Mapping[str, object] | None = None,
    fields: Mapping[str, object] | None = None,
    enums: Mapping[str, object] | None = None,
    all_confirmed: bool = False,
) -> Contract:
    """The contract with the operator's changes, as they stand under `[smarthub.…]` in config.toml.

    An own list of keys replaces ours; own words are added to ours. `all_confirmed` is for the simulator, which serves
    exactly these addresses. Raises ConfigError with a sentence for each mistake, naming the setting.
    """
    mistakes: list[str] = []
    endpoints = {e.name: replace(e, confirmed=all_confirmed) for e in ENDPOINTS}
    endpoints |= dict(_own_endpoints(operations or {}, endpoints, mistakes))
    all_fields = {name: dict(table) for name, table in FIELDS.items()}
    for table, ours, keys in _own_fields(fields or {}, mistakes):
        all_fields[table][ours] = keys
    all_enums = {name: dict(table) for name, table in ENUMS.items()}
    for enum, theirs, word in _own_words(enums or {}, mistakes):
        all_enums[enum][theirs] = word
    if mistakes:
        raise ConfigError(mistakes)
    return Contract(
        endpoints=MappingProxyType(endpoints),
        fields=MappingProxyType({n: MappingProxyType(t) for n, t in all_fields.items()}),
        enums=MappingProxyType({n: MappingProxyType(t) for n, t in all_enums.items()}),
        _theirs=MappingProxyType({(n, ours): theirs for n, t in all_enums.items() for theirs, ours in t.items()}),
    )


_METHODS = {False: ("GET",), True: ("POST", "PUT", "PATCH", "DELETE")}


def _own_endpoints(
    own: Mapping[str, object], known: Mapping[str, Endpoint], mistakes: list[str]
) -> Iterator[tuple[str, Endpoint]]:
    for name, settings in own.items():
        where = f"smarthub.operations.{name}"
        if name not in known:
            mistakes.append(f"{where} is no operation of SmartHub we know; the names are {_listed(known)}.")
        elif not isinstance(settings, Mapping):
            mistakes.append(f"{where} has to be a table with method, path and confirmed.")
        else:
            before = len(mistakes)
            mistakes.extend(_wrong_in_endpoint(where, settings, known[name]))
            if len(mistakes) == before:
                yield name, _with_own_address(known[name], settings)


def _wrong_in_endpoint(where: str, settings: Mapping[str, object], known: Endpoint) -> Iterator[str]:
    for key in settings.keys() - {"method", "path", "confirmed"}:
        yield f"{where}.{key} is no setting; there are method, path and confirmed."
    method, path = settings.get("method", known.method), settings.get("path", known.path)
    if method not in (allowed := _METHODS[known.changes]):
        yield f"{where}.method has to be {' or '.join(allowed)}, not {method!r}."
    if not isinstance(path, str) or not re.fullmatch(r"(/[^/\s?#]+)+", path):
        yield f"{where}.path has to be an address below the base address, like {known.path}, not {path!r}."
    elif replace(known, path=path).placeholders != known.placeholders or re.search(r"[{}]", re.sub(r"{\w+}", "", path)):
        needed = _listed("{" + p + "}" for p in known.placeholders) or "nothing in braces"
        yield f"{where}.path has to contain {needed}, as in {known.path}; it is {path!r}."
    if not isinstance(settings.get("confirmed", False), bool):
        yield f"{where}.confirmed has to be true or false."


def _with_own_address(known: Endpoint, settings: Mapping[str, object]) -> Endpoint:
    method, path = str(settings.get("method", known.method)), str(settings.get("path", known.path))
    # What stands on the provider's pages is their address, not one of the operator's.
    basis = known.basis if (method, path) == (known.method, known.path) else Basis.ASSUMED
    confirmed = bool(settings.get("confirmed", known.confirmed and basis is known.basis))
    return replace(known, method=method, path=path, basis=basis, confirmed=confirmed)


def _own_fields(own: Mapping[str, object], mistakes: list[str]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for where, table, ours, keys in _settings("fields", own, FIELDS, mistakes):
        if ours not in FIELDS[table]:
            mistakes.append(f"{where} is no field we know; there are {_listed(FIELDS[table])}.")
        elif not isinstance(keys, list | tuple) or not keys or not all(isinstance(k, str) and k for k in keys):
            mistakes.append(f'{where} has to be a list of SmartHub\'s keys, like ["{FIELDS[table][ours][0]}"].')
        else:
            yield table, ours, tuple(keys)


def _own_words(own: Mapping[str, object], mistakes: list[str]) -> Iterator[tuple[str, str, str]]:
    for where, enum, theirs, word in _settings("enums", own, ENUMS, mistakes):
        ours = sorted(set(ENUMS[enum].values()))
        if word not in ours:
            mistakes.append(f"{where} has to be one of our words, {_listed(ours)}, not {word!r}.")
        else:
            yield enum, theirs, str(word)


def _settings(
    kind: str, own: Mapping[str, object], known: Mapping[str, object], mistakes: list[str]
) -> Iterator[tuple[str, str, str, object]]:
    """Each setting two levels down, with its path for people; what is no table is a mistake."""
    for table, settings in own.items():
        where = f"smarthub.{kind}.{table}"
        if table not in known:
            mistakes.append(f"{where} is no table we know; there are {_listed(known)}.")
        elif not isinstance(settings, Mapping):
            mistakes.append(f"{where} has to be a table.")
        else:
            for key, value in settings.items():
                yield f"{where}.{key}", table, key, value


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
