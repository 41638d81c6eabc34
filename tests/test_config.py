"""The configuration: the example loads, every mistake gets its sentence, and no secret gets out."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr, ValidationError

from bot.config import Config
from bot.errors import ConfigError
from bot.neighbours import make_contract
from bot.rules.durations import read_duration

EXAMPLE = Path(__file__).parent.parent / "config.example.toml"
ENVIRON = {
    "SLACK_BOT_TOKEN": "xoxb-test-bot-token",
    "SLACK_SIGNING_SECRET": "test-signing-secret-0001",
    "SMARTHUB_API_KEY": "test-smarthub-api-key",
    "SMARTHUB_PUSH_SECRET": "test-push-secret-that-is-long-enough",
}
LEAST = """
[slack]
approvals_channel = "C1"
alerts_channel = "C2"
[smarthub]
base_url = "https://acme.smh.example/v1"
[roles]
approvers = ["U1"]
"""


def load(more: str = "", environ: Mapping[str, str] = ENVIRON) -> Config:
    """The least configuration there can be, with these settings over it."""
    table = tomllib.loads(LEAST)
    for section, values in tomllib.loads(more).items():
        table[section] = {**table.get(section, {}), **values} if isinstance(values, dict) else values
    return Config.of(table, environ)


def mistakes(more: str = "", environ: Mapping[str, str] = ENVIRON) -> tuple[str, ...]:
    """The sentences this configuration is refused with."""
    with pytest.raises(ConfigError) as caught:
        load(more, environ)
    return caught.value.mistakes


def test_the_least_there_can_be() -> None:
    """Two channels, SmartHub's address and one approver are enough; events go to the alerts channel."""
    config = load()

    assert config.slack.events_channel == "C2"
    assert config.approvals.lives_for == timedelta(hours=8)
    assert config.secrets.slack_bot_token.get_secret_value() == "xoxb-test-bot-token"


# The example ---------------------------------------------------------------------------------------------------------


def settings_of_the_model() -> dict[str, Any]:
    """Each setting by its path with its default, or `...` where there is none, but for those in two brackets."""
    found = {}
    for section, field in Config.model_fields.items():
        kind = field.annotation
        if section in ("policies", "routes", "reports"):
            continue
        assert isinstance(kind, type)
        assert issubclass(kind, BaseModel)
        if section != "secrets":
            for name, setting in kind.model_fields.items():
                plain = not setting.is_required() and setting.default_factory is None
                found[f"{section}.{name}"] = setting.default if plain else ...
    return found


def test_the_example_loads_as_it_stands() -> None:
    """config.example.toml is a working configuration without a change."""
    assert Config.read(ENVIRON, EXAMPLE).slack.command == "/sim"


def test_the_example_shows_every_setting_with_its_default() -> None:
    """Each setting of the model stands in the example with the model's default, and nothing else stands there."""
    text = re.sub(r"^#(?=[\[\w])", "", EXAMPLE.read_text("utf-8"), flags=re.MULTILINE)
    several = ("policies", "routes", "reports")
    sections = {name: section for name, section in tomllib.loads(text).items() if name not in several}
    shown = {f"{s}.{name}": value for s, section in sections.items() for name, value in section.items()}
    model = settings_of_the_model()
    yours = {key for key, default in model.items() if default is ...} | {"roles.approvers"}

    assert set(shown) == set(model)
    assert {key: as_in_toml(model[key], shown[key]) for key in set(model) - yours} == {
        key: value for key, value in shown.items() if key not in yours
    }


def as_in_toml(default: Any, shown: Any) -> Any:
    """The default as TOML would hold it; a duration is the word that is shown if that means the same."""
    if isinstance(default, timedelta):
        return shown if read_duration(shown) == default else default
    return (
        list(default) if isinstance(default, tuple) else default if isinstance(default, int | float) else str(default)
    )


def test_what_the_example_shows_switched_off_loads_too() -> None:
    """The example loads with every commented setting switched on."""
    text = re.sub(r"^#(?=[\[\w])", "", EXAMPLE.read_text("utf-8"), flags=re.MULTILINE)

    config = Config.of(tomllib.loads(text), {**ENVIRON, "SMARTHUB_PUSH_HEADER": "test-push-header"})

    assert config.smarthub.operations["changeApnStatus"]["confirmed"] is True
    assert config.smarthub.fields["sim"]["status"] == ("status", "simState")
    assert config.smarthub.enums["status"] == {"TEST_READY": "test"}
    assert make_contract(config)


def test_the_example_says_what_each_setting_is_for() -> None:
    """Every setting of the example has a comment, its own or that of the settings right above it."""
    above = ""
    for line in EXAMPLE.read_text("utf-8").splitlines():
        if re.match(r"#?\w+ = ", line):
            assert above, line
        above = "" if not line.strip() else line


# Mistakes ------------------------------------------------------------------------------------------------------------

SENTENCES = {
    '[approvals]\nlives_for = "8 hourz"': 'approvals.lives_for = "8 hourz": write a duration such as "8h" or "30m"',
    '[approvals]\nlives_for = "0s"': 'approvals.lives_for = "0s": write a duration',
    '[approvals]\nlives_for = "31d"': "from 1 min to 30 d",
    "[approvals]\nlives_for = 8": "approvals.lives_for = 8: write a duration",
    "[approvals]\nlives_for = 08:00:00": "approvals.lives_for = 08:00:00: write a duration",
    '[approvals]\nsettle_every = "1m"\nsettle_for = "30s"': "approvals.settle_for = ",
    '[slack]\napprovals_channel = "#sim-approvals"': "copy the Channel ID from the bottom",
    '[slack]\nalerts_channel = "U0123456789"': "write the channel's id",
    '[slack]\nevents_channel = ""': 'slack.events_channel = "": write the channel\'s id',
    '[slack]\napi_url = "http://slack.com/api/"': 'slack.api_url = "http://slack.com/api/": write an https:// address',
    '[slack]\ncommand = "sim"': 'slack.command = "sim": write a slash',
    '[slack]\ncomand = "/x"': "slack.comand is not a setting: did you mean slack.command?",
    '[slak]\ncommand = "/x"': "slak is not a setting: did you mean slack?",
    "port = 80": "port is not a setting: it belongs under [http].",
    "[log]\nzzzz = 1": "log.zzzz is not a setting: config.example.toml shows every setting there is.",
    '[smarthub]\nbase_url = "http://acme.example/v1"': "smarthub.base_url = ",
    '[smarthub]\nbase_url = "https:///v1"': "smarthub.base_url = ",
    '[smarthub]\nbase_url = "https://[::1"': "smarthub.base_url = ",
    '[smarthub]\nbase_url = "https://a:99999/v1"': "smarthub.base_url = ",
    '[smarthub]\ntries = "4"': 'smarthub.tries = "4": write a whole number from 1 to 10, without quotes.',
    "[smarthub]\ntries = true": "smarthub.tries = true: write a whole number",
    "[smarthub]\ntries = 4.0": "smarthub.tries = 4.0: write a whole number",
    "[smarthub]\nrate_per_second = nan": "smarthub.rate_per_second = nan: write a number from 0.1 to 1000",
    "[smarthub]\nrate_per_second = 0": "smarthub.rate_per_second = 0: write a number",
    f"[smarthub]\npage_size = 0x{'f' * 9000}": "smarthub.page_size = (a very long number): write a whole number",
    '[smarthub]\ntotal_timeout = "10s"': "smarthub.total_timeout = ",
    '[smarthub.operations.suspend]\nmethd = "PUT"': "did you mean smarthub.operations.suspend.method?",
    '[smarthub.operations.suspend]\nconfirmed = "yes"': "write true or false",
    '[smarthub.operations.suspend]\npath = "sims"': "write a path that begins with a slash",
    "[smarthub.operations]\nsuspend = 1": "smarthub.operations.suspend = 1: write a table",
    '[smarthub.fields.sim]\nstatus = "state"': 'smarthub.fields.sim.status = "state": write a list',
    '[smarthub.enums.status]\n"IN USE" = 3': 'smarthub.enums.status."IN USE" = 3: write a text',
    '[roles]\noperators = ["U1", "bob"]': 'roles.operators (entry 2) = "bob": write a member id',
    '[roles]\nadmins = ["everyone"]': '"everyone" can stand under viewers only',
    '[roles]\nviewers = "everyone"': 'roles.viewers = "everyone": write a list in square brackets.',
    "[roles]\napprovers = []": "nobody could approve anything",
    "[alerts]\nquota_percent = [80, 80]": "alerts.quota_percent = [80, 80]: write each number once.",
    "[alerts]\nquota_percent = [0]": "alerts.quota_percent (entry 1) = 0: write a whole number of percent",
    "[alerts]\nquota_percent = []\nexpiry_days = []": "nothing would be watched",
    "[http]\nport = 65536": "http.port = 65536: write a whole number from 0 to 65535",
    '[store]\npath = ""': 'store.path = "": write the path of a file',
    '[log]\nlevel = "loud"': 'log.level = "loud": write "debug" or "info" or "warning" or "error".',
    "log = 3": "log = 3: write a table, [log], with its settings under it.",
}


@pytest.mark.parametrize(("more", "sentence"), SENTENCES.items(), ids=lambda text: text[:60])
def test_a_mistake_gets_its_sentence(more: str, sentence: str) -> None:
    """One mistake gives one sentence: the key's path, what was there, and what would be right."""
    [said] = mistakes(more)

    assert sentence in said
    assert said.endswith((".", "?"))


def test_all_mistakes_are_said_at_once() -> None:
    """Mistakes in several sections and in the environment come together, not one a run."""
    said = mistakes(
        '[slack]\nalerts_channel = "x"\n[log]\nlevel = 3\n[roles]\napprovers = []', {**ENVIRON, "PORT": "x"}
    )

    assert [re.split(r" = | in ", sentence)[0] for sentence in said] == [
        "slack.alerts_channel",
        "roles.admins",
        "PORT",
        "log.level",
    ]


def test_what_is_missing_is_asked_for() -> None:
    """An empty file and an empty environment are told each thing that has no default, and nothing else."""
    with pytest.raises(ConfigError) as caught:
        Config.of({}, {})

    assert [re.split(" is | = ", sentence)[0] for sentence in caught.value.mistakes] == [
        "slack.approvals_channel",
        "slack.alerts_channel",
        "smarthub.base_url",
        "roles.admins",
        "SLACK_BOT_TOKEN",
        "SLACK_SIGNING_SECRET",
        "SMARTHUB_API_KEY",
        "SMARTHUB_PUSH_SECRET",
    ]


# The file ------------------------------------------------------------------------------------------------------------


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    """Without a file the sentence names the example to copy, and the environment is judged all the same."""
    with pytest.raises(ConfigError) as caught:
        Config.read({**ENVIRON, "PORT": "x"}, tmp_path / "config.toml")

    first, second = caught.value.mistakes
    assert f"copy config.example.toml to {tmp_path / 'config.toml'}" in first
    assert second.startswith('PORT = "x"')


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"[slack]\ncommand = = 3", "line 2, column 11"),
        (b'a = "b', "line 1, column 7"),
        (b"a = 1\nb = [", "line 2, column 6"),
        (b"[a]\n[a]\n", "line 2, column 3: cannot declare this name twice"),
        (b"a = 1\na = 2\n", "line 2, column"),
        (b"\xff\xfe", "UTF-8"),
        (b"a = " + b"[" * 100_000, "too deep"),
        (b"a = " + b"9" * 5000, "too long"),
    ],
    ids=lambda value: value[:20],
)
def test_a_file_that_is_no_toml_says_where(tmp_path: Path, content: bytes, sentence: str) -> None:
    """What cannot be read as TOML is refused with the file and, where the parser knows it, the line and the column."""
    path = tmp_path / "mine.toml"
    path.write_bytes(content)

    with pytest.raises(ConfigError) as caught:
        Config.read(ENVIRON, path)

    [said] = caught.value.mistakes
    assert sentence in said
    assert "mine.toml" in said


@pytest.mark.parametrize("path", [Path("."), Path("a\0b"), Path("x" * 5000), Path("/dev/null/config.toml")])
def test_a_path_that_is_no_file(path: Path) -> None:
    """A folder, an impossible name and a path through a file are refused in a sentence."""
    with pytest.raises(ConfigError, match=r"cannot be read|There is no file"):
        Config.read(ENVIRON, path)


def test_the_environment_names_the_file_and_the_port(tmp_path: Path) -> None:
    """SIMOPS_CONFIG says which file is read, and PORT wins over the port in it."""
    (tmp_path / "other.toml").write_text("\ufeff" + LEAST + "[http]\nport = 1234\n", "utf-8")
    environ = {**ENVIRON, "SIMOPS_CONFIG": str(tmp_path / "other.toml")}

    assert Config.read(environ).http.port == 1234
    assert Config.read({**environ, "PORT": "8080"}).http.port == 8080
    assert Config.read({**environ, "PORT": "8080"}).http.host == "0.0.0.0"  # noqa: S104


@pytest.mark.parametrize("port", ["x", "-1", "65536", "80.5", "٣", "1e3", "9" * 5000])
def test_a_port_that_is_none(port: str) -> None:
    """A PORT that is no port is refused by the name of the variable."""
    [said] = mistakes(environ={**ENVIRON, "PORT": port})

    assert said.startswith("PORT = ")
    assert "65535" in said


def test_only_the_given_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands in the environment of the process, and was not handed over, is not seen."""
    for name, value in {**ENVIRON, "PORT": "1", "SLACK": "{}", "HTTP": '{"port": 2}', "SIMOPS_CONFIG": "x"}.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(ConfigError, match="SLACK_BOT_TOKEN is not set"):
        Config.of(tomllib.loads(LEAST), {})
    assert load().http.port == 3000


# Addresses, lists, freedom from change -------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.9.9.9"])
def test_http_is_for_this_machine(host: str) -> None:
    """A stand-in on this machine may be reached by http, with any port; slashes at the end come out one way."""
    config = load(f'[slack]\napi_url = "http://{host}:4103/api"\n[smarthub]\nbase_url = "http://{host}:9/v1//"')

    assert config.slack.api_url == f"http://{host}:4103/api/"
    assert config.smarthub.base_url == f"http://{host}:9/v1"


@pytest.mark.parametrize("host", ["127.0.0.1.example.com", "localhost.example.com", "10.0.0.1", "[::2]"])
def test_http_is_for_nobody_else(host: str) -> None:
    """What only looks like this machine needs https."""
    [said] = mistakes(f'[smarthub]\nbase_url = "http://{host}/v1"')

    assert "https://" in said


def test_lists_come_in_order() -> None:
    """Percentages rise and days fall, however they were written; one of the two lists may be empty."""
    config = load("[alerts]\nquota_percent = [100, 50, 80]\nexpiry_days = [1, 30, 7]")

    assert config.alerts.quota_percent == (50, 80, 100)
    assert config.alerts.expiry_days == (30, 7, 1)
    assert load("[alerts]\nexpiry_days = []").alerts.expiry_days == ()


def test_a_role_is_given_to_people_and_groups() -> None:
    """User and user-group ids can stand in any role and in several; admins alone can approve too."""
    config = load('[roles]\noperators = ["U1", "S1"]\napprovers = []\nadmins = ["W1", "U1"]\nviewers = ["S2"]')

    assert config.roles.viewers == ("S2",)
    assert config.roles.operators == ("U1", "S1")
    assert config.roles.admins == ("W1", "U1")


def test_nothing_can_be_changed() -> None:
    """A Config, and each of its sections, is frozen."""
    config = load()

    with pytest.raises(ValidationError):
        config.http.port = 1
    with pytest.raises(ValidationError):
        config.http = config.http


# Secrets -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SLACK_BOT_TOKEN", ""),
        ("SLACK_BOT_TOKEN", "xoxp-test-of-a-user"),
        ("SLACK_BOT_TOKEN", "xoxb-1"),
        ("SLACK_BOT_TOKEN", "xoxb-test with space"),
        ("SLACK_APP_TOKEN", "xoxb-test-wrong-one"),
        ("SLACK_SIGNING_SECRET", ""),
        ("SLACK_SIGNING_SECRET", "   "),
        ("SLACK_SIGNING_SECRET", "too-short"),
        ("SMARTHUB_API_KEY", "two\nlines-of-key"),
        ("SMARTHUB_PUSH_SECRET", "test-too-short"),
        ("SMARTHUB_PUSH_SECRET", "test-push-secret/that-is-not/url-safe"),
        ("SMARTHUB_PUSH_SECRET", ",".join(f"test-push-secret-of-three-{n}" for n in range(3))),
        ("SMARTHUB_PUSH_SECRET", "test-push-secret-given-twice,test-push-secret-given-twice"),
        ("SMARTHUB_PUSH_SECRET", "test-push-secret-and-a-comma,"),
    ],
)
def test_a_secret_that_does_not_fit(name: str, value: str) -> None:
    """A secret that is missing, short or of another kind is refused by its name, without a word of it."""
    [said] = mistakes(environ={**ENVIRON, name: value})

    assert said.startswith(f"{name} ")
    assert not value.strip() or value not in said


def test_the_push_secret_can_be_changed_while_we_run() -> None:
    """Two push secrets can be given, the new and the old one."""
    both = "test-push-secret-the-new-one, test-push-secret-the-old-one"

    secrets = load(environ={**ENVIRON, "SMARTHUB_PUSH_SECRET": both}).secrets.smarthub_push_secret

    assert [s.get_secret_value() for s in secrets] == both.split(", ")


def test_socket_mode_needs_no_signing_secret() -> None:
    """With an app token the signing secret may be absent, but a short one is still refused."""
    environ = {k: v for k, v in ENVIRON.items() if k != "SLACK_SIGNING_SECRET"} | {"SLACK_APP_TOKEN": "xapp-test-token"}

    assert load(environ=environ).secrets.slack_signing_secret is None
    assert len(mistakes(environ={**environ, "SLACK_SIGNING_SECRET": "short"})) == 1


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ('[slack]\nbot_token = "xoxb-test-in-file"', "SLACK_BOT_TOKEN"),
        ('[slack]\nsigning_secret = "xoxb-test-in-file"', "SLACK_SIGNING_SECRET"),
        ('[slack]\napp-token = "xoxb-test-in-file"', "SLACK_APP_TOKEN"),
        ('[smarthub]\napi_key = "xoxb-test-in-file"', "SMARTHUB_API_KEY"),
        ('[push]\nsecret = "xoxb-test-in-file"', "SMARTHUB_PUSH_SECRET"),
        ('SMARTHUB_PUSH_SECRET = "xoxb-test-in-file"', "SMARTHUB_PUSH_SECRET"),
        ('[secrets]\nslack_bot_token = "xoxb-test-in-file"', "SLACK_BOT_TOKEN"),
    ],
)
def test_a_secret_in_the_file_is_sent_where_it_belongs(more: str, name: str) -> None:
    """A secret in config.toml is refused, never used, and the sentence names the variable and not the value."""
    [said] = mistakes(more)

    assert name in said
    assert "xoxb-test-in-file" not in said


@pytest.mark.parametrize(
    "more",
    [
        '[smarthub]\nbase_url = "https://me:hunter22@acme.example/v1"',
        '[smarthub]\nbase_url = "https://acme.example/v1?key=hunter22"',
        '[slack]\ncommand = "xapp-hunter22"',
        '"xoxb-hunter22" = 1',
        "[xoxb-hunter22]\na = 1",
        '[log]\nlevel = "hunter22-0123456789-abcdefgh"',
        '[log]\nlevel = ["xoxb-hunter22"]',
        '[slack]\ntoken_of_mine = "hunter22"',
    ],
)
def test_what_looks_like_a_secret_is_not_shown(more: str) -> None:
    """Credentials in addresses, and what looks like a token, are refused without being repeated, as keys too."""
    assert "hunter22" not in " ".join(mistakes(more))


def test_a_config_shows_no_secret() -> None:
    """However a Config is printed or written down, no secret is in it."""
    config = load(environ={**ENVIRON, "SLACK_APP_TOKEN": "xapp-test-app-token"})
    texts = [repr(config), str(config), f"{config!r:}", config.model_dump_json(), repr(config.model_dump())]
    texts += [repr(config.secrets), str(config.secrets.smarthub_push_secret), repr(vars(config))]

    for text in texts:
        for secret in (*ENVIRON.values(), "xapp-test-app-token"):
            assert secret not in text


def test_every_secret_is_one_that_hides_itself() -> None:
    """Each value in the secrets is a SecretStr or a tuple of them, so that a new one cannot be forgotten."""
    for value in dict(load(environ={**ENVIRON, "SLACK_APP_TOKEN": "xapp-test-app-token"}).secrets).values():
        assert all(isinstance(v, SecretStr) for v in (value if isinstance(value, tuple) else [value]))


# Anything at all -----------------------------------------------------------------------------------------------------

names = st.sampled_from(
    [*(key.partition(".")[2] for key in settings_of_the_model()), *Config.model_fields, "a b", "", "token", "suspend"]
)
values: st.SearchStrategy[Any] = st.recursive(
    st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.datetimes()
    | st.times()
    | st.just("xoxb-test-bot-token"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names | st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)
tables = st.fixed_dictionaries({}, optional=dict.fromkeys(Config.model_fields, values))


def outcome(read: Any) -> str:
    """What was said, or nothing when it loaded. Any other exception goes through."""
    try:
        read()
    except ConfigError as refused:
        # A traceback would print what it was raised from, and with it the values.
        return f"{refused}{refused.__cause__ or ''}{refused.__context__ or ''}"
    return ""


@given(tables | st.dictionaries(names, values, max_size=5))
def test_any_table_is_taken_or_refused(table: dict[str, Any]) -> None:
    """Whatever a TOML file holds becomes a Config or a ConfigError, and no secret of the environment is repeated."""
    said = outcome(lambda: Config.of(table, ENVIRON))

    assert not any(secret in said for secret in ENVIRON.values())


@given(st.binary() | st.text(alphabet="[]{}=\".'\n#ab1- ").map(str.encode))
@example(b"a = 0x" + b"f" * 9000)
def test_any_file_is_taken_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """Whatever a file holds is refused with a ConfigError, for none of it is a whole configuration."""
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(content)

    assert outcome(lambda: Config.read(ENVIRON, path))


# The mark makes each recognizable: without it, "config" would be a secret that stands in many a sentence by chance.
marked = st.text().map(lambda word: "mark¤" + word) | st.sampled_from(sorted(ENVIRON.values()))


@given(st.dictionaries(st.sampled_from([*ENVIRON, "SLACK_APP_TOKEN"]), marked), st.text() | marked)
def test_any_environment_is_taken_or_refused(environ: dict[str, str], port: str) -> None:
    """Whatever the environment holds becomes a Config or a ConfigError that repeats none of its secrets."""
    said = outcome(lambda: Config.of(tomllib.loads(LEAST), {**ENVIRON, **environ, "PORT": port}))

    assert not any(value.strip() in said for value in environ.values() if len(value.strip()) >= 6)


@given(st.sampled_from(sorted(ENVIRON)), st.sampled_from(sorted(settings_of_the_model())), st.integers(0, 90))
def test_a_secret_pasted_into_any_setting_is_not_repeated(name: str, key: str, filler: int) -> None:
    """A secret of the environment that also stands in the file, alone or in longer text, is not printed from there."""
    section, _, setting = key.partition(".")
    table = tomllib.loads(LEAST)
    table.setdefault(section, {})[setting] = "x" * filler + " " + ENVIRON[name]

    said = outcome(lambda: Config.of(table, ENVIRON))

    assert key in said or key in {"store.path", "audit.archive"}
    assert ENVIRON[name][:12] not in said
