"""Every setting, its kind and its default. `config.example.toml` shows the same list; a test compares the two."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator

# pydantic takes a TypedDict on Python 3.11 only from here; typing_extensions comes with it.
from typing_extensions import TypedDict

from bot.config import environment, kinds


class Section(BaseModel):
    """One [section]: frozen, and nothing in it that we do not know."""

    # Values stay out of pydantic's own texts as well: one of them may be a secret in the wrong place.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Slack(Section):
    """Where Slack is and where we speak. `events_channel` is the alerts channel unless it is given."""

    api_url: Annotated[str, kinds.address("https://slack.com/api/", slash=True)] = "https://slack.com/api/"
    command: Annotated[
        str, kinds.spelled("/[a-z0-9_-]{1,31}", 'write a slash and up to 31 small letters or digits, such as "/sim"')
    ] = "/sim"
    approvals_channel: Annotated[str, kinds.channel()]
    alerts_channel: Annotated[str, kinds.channel()]
    events_channel: Annotated[str, kinds.channel()] = Field(default_factory=lambda given: given["alerts_channel"])


class Operation(TypedDict, total=False):
    """What an operator knows better about one of SmartHub's addresses. Only what was written is in it."""

    __pydantic_config__ = ConfigDict(extra="forbid", hide_input_in_errors=True)  # type: ignore[misc]  # pydantic's way

    method: Annotated[str, kinds.one_of("GET", "POST", "PUT", "PATCH", "DELETE")]
    path: Annotated[
        str, kinds.spelled(r"/[\x21-\x7e]{1,300}", 'write a path that begins with a slash, such as "/sims"')
    ]
    confirmed: Annotated[bool, kinds.flag()]


class SmartHub(Section):
    """Where SmartHub is and how we treat it. Which names may stand under the last three is judged in `bot/smarthub`."""

    base_url: Annotated[str, kinds.address("https://YOUR-TENANT.smh.smarthing.com/v1", slash=False)]
    rate_per_second: Annotated[float, kinds.number(0.1, 1000)] = 20
    concurrency: Annotated[int, kinds.whole(1, 100)] = 8
    page_size: Annotated[int, kinds.whole(1, 1000)] = 500
    connect_timeout: Annotated[timedelta, kinds.lasting("1s", "1m")] = timedelta(seconds=5)
    read_timeout: Annotated[timedelta, kinds.lasting("1s", "5m")] = timedelta(seconds=15)
    total_timeout: Annotated[timedelta, kinds.lasting("1s", "10m")] = timedelta(seconds=30)
    tries: Annotated[int, kinds.whole(1, 10)] = 4
    circuit_after: Annotated[int, kinds.whole(1, 1000)] = 5
    circuit_rest: Annotated[timedelta, kinds.lasting("1s", "10m")] = timedelta(seconds=30)
    operations: Mapping[str, Operation] = Field(default_factory=dict)
    fields: Mapping[str, Mapping[str, tuple[Annotated[str, kinds.text()], ...]]] = Field(default_factory=dict)
    enums: Mapping[str, Mapping[str, Annotated[str, kinds.text()]]] = Field(default_factory=dict)

    @field_validator("total_timeout")
    @classmethod
    def _the_total_is_the_longest(cls, total: timedelta, info: ValidationInfo) -> timedelta:
        if total < max(info.data.get("connect_timeout", total), info.data.get("read_timeout", total)):
            raise kinds.wrong("write at least as much as connect_timeout and read_timeout, which it includes")
        return total


Members = tuple[Annotated[str, kinds.member()], ...]


class Sims(Section):
    """How SIMs are called, and how amounts of data are written."""

    label_field: Annotated[str, kinds.one_of("custom1", "custom2", "custom3", "custom4", "custom5")] = "custom1"
    units: Annotated[str, kinds.one_of("decimal", "binary")] = "decimal"


class Roles(Section):
    """Who may do what: ids of people (U…, W…) and user groups (S…). Each role may do what the ones before it may."""

    viewers: tuple[Annotated[str, kinds.member(everyone=True)], ...] = ("everyone",)
    operators: Members = ()
    approvers: Members = ()
    admins: Members = Field(default=(), validate_default=True)

    @field_validator("admins")
    @classmethod
    def _somebody_approves(cls, admins: Members, info: ValidationInfo) -> Members:
        if not admins and info.data.get("approvers") == ():
            raise kinds.wrong(
                "nobody could approve anything: write somebody's id under roles.approvers or roles.admins"
            )
        return admins


class Approvals(Section):
    """How requests wait for a yes where their policy says nothing else, and how a change is looked after whose answer
    was lost. A time that may be left away is zero then.
    """

    environment: Annotated[
        str, kinds.spelled("[a-z0-9_-]{1,40}", 'write a word in small letters, such as "production"')
    ] = "production"
    lives_for: Annotated[timedelta, kinds.lasting("1m", "30d")] = timedelta(hours=8)
    remind_after: Annotated[timedelta, kinds.lasting_or_zero("never", "1m", "30d")] = timedelta(minutes=15)
    remind_at_most: Annotated[timedelta, kinds.lasting("1m", "30d")] = timedelta(hours=2)
    cooling_off: Annotated[timedelta, kinds.lasting_or_zero("none", "1m", "30d")] = timedelta(hours=24)
    undo_within: Annotated[timedelta, kinds.lasting_or_zero("never", "1m", "30d")] = timedelta(minutes=30)
    group_cache: Annotated[timedelta, kinds.lasting_or_zero("none", "1s", "10m")] = timedelta(seconds=60)
    message_approvers: Annotated[bool, kinds.flag()] = False
    settle_every: Annotated[timedelta, kinds.lasting("1s", "1h")] = timedelta(seconds=30)
    settle_for: Annotated[timedelta, kinds.lasting("1s", "1d")] = timedelta(minutes=15)

    @field_validator("settle_for")
    @classmethod
    def _there_is_time_for_a_look(cls, length: timedelta, info: ValidationInfo) -> timedelta:
        if length < info.data.get("settle_every", length):
            raise kinds.wrong("write at least as much as approvals.settle_every, or nobody would ever look")
        return length


class Bulk(Section):
    """How many SIMs at once are changed: in which pieces, how many of them go first (0: none), and when it stops."""

    batch_size: Annotated[int, kinds.whole(1, 1000, " of SIMs")] = 500
    at_once: Annotated[int, kinds.whole(1, 100)] = 4
    canary: Annotated[int, kinds.whole(0, 1000, " of SIMs")] = 10
    stop_at_percent: Annotated[int, kinds.whole(0, 100, " of percent")] = 20
    card_every: Annotated[timedelta, kinds.lasting("2s", "10m")] = timedelta(seconds=5)


class Push(Section):
    """What SmartHub sends us: who may send, how much, what shares a card, and what is watched. A time that may be left
    away is zero then.
    """

    repeat_window: Annotated[timedelta, kinds.lasting("1s", "7d")] = timedelta(minutes=10)
    body_limit_kib: Annotated[int, kinds.whole(1, 10_240, " of KiB")] = 64
    json_depth: Annotated[int, kinds.whole(2, 200)] = 32
    read_within: Annotated[timedelta, kinds.lasting("1s", "1m")] = timedelta(seconds=10)
    rate_per_source: Annotated[int, kinds.whole(1, 100_000)] = 5000
    sources: tuple[Annotated[str, kinds.network()], ...] = ()
    proxies: tuple[Annotated[str, kinds.network()], ...] = ()
    forwarded_header: Annotated[str, kinds.header_name()] = "X-Forwarded-For"
    header: Annotated[str, kinds.header_name()] | None = Field(default_factory=lambda: None)
    fallback_channel: Annotated[str, kinds.channel()] | None = Field(default_factory=lambda: None)
    fold_for: Annotated[timedelta, kinds.lasting("1m", "7d")] = timedelta(hours=1)
    storm_sims: Annotated[int, kinds.whole(2, 10_000, " of SIMs")] = 10
    storm_window: Annotated[timedelta, kinds.lasting("1s", "1h")] = timedelta(minutes=1)
    storm_calm: Annotated[timedelta, kinds.lasting("1m", "1d")] = timedelta(minutes=10)
    snooze_for: Annotated[timedelta, kinds.lasting("1m", "365d")] = timedelta(days=1)
    remind_after: Annotated[timedelta, kinds.lasting_or_zero("never", "1m", "30d")] = timedelta(hours=1)
    watch: Annotated[bool, kinds.flag()] = True
    reconcile_every: Annotated[timedelta, kinds.lasting_or_zero("never", "1m", "1d")] = timedelta(minutes=15)


class Http(Section):
    """Where we listen. Port 0 is any free one."""

    host: Annotated[
        str, kinds.spelled(r"[A-Za-z0-9._:-]{1,255}", 'write an address of this machine, such as "0.0.0.0"')
    ] = "0.0.0.0"  # noqa: S104 -- a Procfile host reaches us from outside the container
    port: Annotated[int, kinds.whole(0, 65_535)] = 3000


class Store(Section):
    """Where we remember."""

    path: Annotated[Path, kinds.file()] = Path("simops.db")


class Audit(Section):
    """How long the lines of the audit log are kept (`None`: for ever), and where they go before they are removed."""

    keep: Annotated[timedelta | None, kinds.lasting_or("forever", "1d", "3650d")] = Field(
        default="forever", validate_default=True
    )
    archive: Annotated[Path | None, kinds.file()] = Field(default_factory=lambda: None)


class Log(Section):
    """What we write about our own work."""

    level: Annotated[str, kinds.one_of("debug", "info", "warning", "error")] = "info"
    format: Annotated[str, kinds.one_of("json", "text")] = "json"


class Secrets(Section):
    """What comes from the environment and stands nowhere else. None of it is ever printed: `repr` shows stars."""

    slack_bot_token: Annotated[SecretStr, environment.secret(r"xoxb-[\x21-\x7e]{5,}", environment.BOT_TOKEN)]
    slack_app_token: Annotated[SecretStr | None, environment.perhaps(r"xapp-[\x21-\x7e]{5,}", environment.APP_TOKEN)]
    slack_signing_secret: Annotated[
        SecretStr | None, environment.perhaps("[A-Za-z0-9_-]{16,}", environment.SIGNING_SECRET)
    ]
    smarthub_api_key: Annotated[SecretStr, environment.secret(r"[\x21-\x7e]+", environment.API_KEY)]
    smarthub_push_secret: Annotated[
        tuple[SecretStr, ...], environment.one_or_two("[A-Za-z0-9_-]{24,200}", environment.PUSH)
    ]
    smarthub_push_header: Annotated[
        tuple[SecretStr, ...], environment.perhaps_two("[A-Za-z0-9_.~+/=-]{8,200}", environment.HEADER)
    ]

    @field_validator("slack_signing_secret")
    @classmethod
    def _requests_can_be_proven(cls, secret: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        # Socket Mode carries no signatures. An app token that is itself wrong says that Socket Mode was meant.
        if secret is None and info.data.get("slack_app_token", "wrong") is None:
            raise kinds.wrong(f"{environment.SIGNING_SECRET}; it is not needed only with SLACK_APP_TOKEN (Socket Mode)")
        return secret
