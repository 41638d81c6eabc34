"""Puts config.toml and the environment together into the Config, or collects everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.config import environment, settings
from bot.config.alerts import Alerts, troubles_of
from bot.config.alerts import Rule as AlertRule
from bot.config.files import Table, read_table
from bot.config.mistakes import scrubbed, sentences
from bot.config.policies import Policy, clashes
from bot.config.reports import Report
from bot.config.routes import Route, disagreements
from bot.config.sms import Keyword, Sms
from bot.errors import ConfigError


class Given(PydanticBaseSettingsSource):
    """A source that holds its values already.

    pydantic-settings' own sources read `os.environ` and the disk by themselves; none can be handed another environment.
    What we use of it is the ranking and merging of sources, setting by setting.
    """

    def __init__(self, settings_cls: type[BaseSettings], values: Mapping[str, object]) -> None:
        super().__init__(settings_cls)
        self._values = dict(values)

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[object, str, bool]:  # noqa: ARG002 -- its way
        """One value, as the library's interface wants it."""
        return self._values.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:  # Any: the library's signature
        """All values, nested as the Config is."""
        return self._values


class Config(BaseSettings):
    """The whole configuration, checked. Settings stand in their sections, what must never be shown in `secrets`."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    slack: settings.Slack
    smarthub: settings.SmartHub
    sims: settings.Sims
    roles: settings.Roles
    approvals: settings.Approvals
    bulk: settings.Bulk
    policies: tuple[Policy, ...] = ()
    alerts: Alerts
    reports: tuple[Report, ...] = ()
    push: settings.Push
    routes: tuple[Route, ...] = ()
    http: settings.Http
    store: settings.Store
    audit: settings.Audit
    sms: Sms
    log: settings.Log
    secrets: settings.Secrets

    @classmethod
    def read(cls, environ: Mapping[str, str], path: Path | None = None) -> Self:
        """The configuration in this file (else the one SIMOPS_CONFIG names, else config.toml) and this environment.

        Raises ConfigError with one sentence for every mistake in either. No sentence holds a secret.
        """
        table, mistakes = read_table(path or environment.path_of(environ))
        if table is not None:
            return cls.of(table, environ)
        # The file says nothing, but the environment can be judged, so that both are mended in one go.
        _, others = cls._judge({}, environ)
        known = ("PORT ", *environment.SECRETS)
        raise ConfigError([scrubbed(m, environ) for m in (*mistakes, *(o for o in others if o.startswith(known)))])

    @classmethod
    def of(cls, table: Mapping[str, object], environ: Mapping[str, str]) -> Self:
        """The configuration in a table that was read, or made, already. Raises ConfigError as `read` does."""
        config, mistakes = cls._judge(table, environ)
        if config is None or mistakes:
            # The library's own error holds the values that were given: it goes no further than here.
            raise ConfigError([scrubbed(m, environ) for m in mistakes])
        return config

    @classmethod
    def _judge(cls, table: Mapping[str, object], environ: Mapping[str, str]) -> tuple[Self | None, list[str]]:
        mistakes = []
        if "secrets" in table:
            mistakes.append(
                "[secrets] must not stand in this file: set " + ", ".join(environment.SECRETS) + " instead."
            )
        layers = {"table": _completed(table), "environ": environment.given_in(environ)}
        try:
            config = cls.model_validate(layers)
        except ValidationError as exc:
            return None, [*sentences(exc, _known(), environ), *mistakes]
        mistakes += disagreements(config.routes, config.push, config.secrets)
        return config, [*mistakes, *clashes(config.policies, config.approvals), *troubles_of(config.alerts.rules)]

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- the library's signature
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment before the file, both as `_judge` hands them in."""
        given = init_settings()
        return Given(settings_cls, given["environ"]), Given(settings_cls, given["table"])


def _sections() -> dict[str, type[BaseModel]]:
    kinds = {name: field.annotation for name, field in Config.model_fields.items() if name != "secrets"}
    return {name: kind for name, kind in kinds.items() if isinstance(kind, type) and issubclass(kind, BaseModel)}


def _known() -> dict[str, tuple[str, ...]]:
    """The settings of each section, for saying what somebody may have meant."""
    known = {name: tuple(kind.model_fields) for name, kind in _sections().items()}
    known["policies"] = tuple(field.alias or name for name, field in Policy.model_fields.items())
    known["sms.keywords"] = tuple(Keyword.model_fields)
    known["routes"] = tuple(Route.model_fields)
    known["reports"] = tuple(Report.model_fields)
    known["alerts.rules"] = tuple(field.alias or name for name, field in AlertRule.model_fields.items())
    return {"": tuple(known), "smarthub.operations.NAME": tuple(settings.Operation.__annotations__), **known}


def _completed(table: Mapping[str, object]) -> Table:
    """The table with every section in it, and `None` where a setting is missing that has no default.

    TOML has no null, so `None` is never what somebody wrote; the kind of the setting then says what should be there.
    """
    whole: Table = {key: value for key, value in table.items() if key != "secrets"}
    for name, kind in _sections().items():
        section = table.get(name, {})
        if isinstance(section, Mapping):
            needed = {key: None for key, field in kind.model_fields.items() if field.is_required()}
            whole[name] = {**needed, **section}
    return whole
