"""The tables of the contract: the same as the OpenAPI document, and changed by the operator only in sensible ways."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping

import pytest

from bot.errors import AddressNotConfirmed, ConfigError
from bot.rules.accounts import Charge
from bot.rules.batches import BatchOperation, ItemState, JobState
from bot.rules.changes import ChangeKind
from bot.rules.plans import PlanKind
from bot.rules.sims import Status
from bot.rules.sms import SmsState
from bot.smarthub.contract import ENDPOINTS, ENUMS, FIELDS, Basis, contract
from bot.smarthub.pushes import FACTS, FRAME, read_push
from tests.openapi import spec

OPENAPI = spec()
GUESSED_CHANGES = [e.name for e in ENDPOINTS if e.changes and e.basis is Basis.ASSUMED]


def test_the_table_is_the_openapi_document():
    """Every operation of the document is in the table with its method, address and basis, and nothing else is."""
    documented = {
        (operation["operationId"], method.upper(), path, operation["x-basis"])
        for path, methods in OPENAPI["paths"].items()
        for method, operation in methods.items()
        if method != "parameters"
    }

    assert {(e.name, e.method, e.path, str(e.basis)) for e in ENDPOINTS} == documented


def test_reads_get_and_changes_do_not():
    """What is a GET reads, and everything else changes something."""
    assert all((e.method == "GET") is not e.changes for e in ENDPOINTS)


@pytest.mark.parametrize("name", GUESSED_CHANGES)
def test_a_guessed_change_needs_a_word_of_the_operator(name: str):
    """A change at an assumed address is refused in a sentence with the setting, until that setting is written."""
    with pytest.raises(AddressNotConfirmed, match=rf"\[smarthub\.operations\.{name}\] confirmed = true"):
        contract().endpoint(name)

    assert contract(operations={name: {"confirmed": True}}).endpoint(name).name == name
    assert contract(all_confirmed=True).endpoint(name).name == name


@pytest.mark.parametrize("name", ["activateSim", "suspendSim", "retireSim", "listSharePools"])
def test_documented_changes_and_guessed_reads_are_callable(name: str):
    """What is documented or follows from it can be called at once, and so can a read at an assumed address."""
    assert contract().endpoint(name).name == name


def test_an_address_of_the_operators_own_is_not_the_documented_one():
    """A change sent to another address than the documented one has to be confirmed too; the same address has not."""
    moved = {"retireSim": {"path": "/sims/{giccid}/terminate"}}
    with pytest.raises(AddressNotConfirmed):
        contract(operations=moved).endpoint("retireSim")

    confirmed = {"retireSim": {**moved["retireSim"], "confirmed": True, "method": "PUT"}}
    found = contract(operations=confirmed).endpoint("retireSim")
    same = contract(operations={"retireSim": {"path": "/global-sims/{giccid}/retire"}}).endpoint("retireSim")
    assert (found.method, found.path, same.guessed) == ("PUT", "/sims/{giccid}/terminate", False)


def test_own_keys_and_words():
    """A list of keys replaces ours, a word is added to ours, and asking by status uses the operator's word."""
    own = contract(fields={"sim": {"status": ["simState", "state"]}}, enums={"status": {"PAUSED": "suspended"}})

    assert own.keys("sim", "status") == ("simState", "state")
    assert (own.ours("status", "PAUSED"), own.ours("status", "DEACTIVATED")) == ("suspended", "suspended")
    assert own.theirs("status", "suspended") == "PAUSED"
    assert contract().keys("sim", "status") == ("status",)
    assert contract().ours("status", "PAUSED") is None


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"operations": {"eatSim": {}}}, "smarthub.operations.eatSim is no operation"),
        ({"operations": {"getSim": "x"}}, "smarthub.operations.getSim has to be a table"),
        ({"operations": {"getSim": {"verb": "GET"}}}, "smarthub.operations.getSim.verb is no setting"),
        ({"operations": {"getSim": {"method": "POST"}}}, "smarthub.operations.getSim.method has to be GET"),
        ({"operations": {"retireSim": {"method": "GET"}}}, "smarthub.operations.retireSim.method has to be POST"),
        ({"operations": {"getSim": {"path": "/sims"}}}, "smarthub.operations.getSim.path has to contain {giccid}"),
        ({"operations": {"getSim": {"path": "https://a/{giccid}"}}}, "smarthub.operations.getSim.path has to be an"),
        ({"operations": {"getSim": {"path": "/sims/{giccid}?x=1"}}}, "smarthub.operations.getSim.path has to be an"),
        ({"operations": {"getSim": {"path": "/{giccid}/{}"}}}, "smarthub.operations.getSim.path has to contain"),
        (
            {"operations": {"getSim": {"path": "/{giccid}/{giccid.a}"}}},
            "smarthub.operations.getSim.path has to contain",
        ),
        ({"operations": {"getSim": {"path": 3}}}, "smarthub.operations.getSim.path has to be an"),
        ({"operations": {"retireSim": {"confirmed": "yes"}}}, "smarthub.operations.retireSim.confirmed has to be"),
        ({"fields": {"car": {"x": ["y"]}}}, "smarthub.fields.car is no table"),
        ({"fields": {"sim": {"colour": ["c"]}}}, "smarthub.fields.sim.colour is no field"),
        ({"fields": {"sim": {"status": "simState"}}}, "smarthub.fields.sim.status has to be a list"),
        ({"fields": {"sim": {"status": []}}}, "smarthub.fields.sim.status has to be a list"),
        ({"fields": {"sim": ["status"]}}, "smarthub.fields.sim has to be a table"),
        ({"enums": {"mood": {"A": "b"}}}, "smarthub.enums.mood is no table"),
        ({"enums": {"status": {"PAUSED": "paused"}}}, "smarthub.enums.status.PAUSED has to be one of our words"),
    ],
)
def test_a_wrong_setting_is_named(settings: Mapping[str, Mapping[str, object]], sentence: str):
    """Every mistake in the operator's changes is told in a sentence that begins with its place in config.toml."""
    with pytest.raises(ConfigError) as caught:
        contract(**settings)

    assert len(caught.value.mistakes) == 1
    assert caught.value.mistakes[0].startswith(sentence)


def test_all_mistakes_are_told_at_once():
    """Two mistakes are two sentences, so that nobody has to start the bot twice to learn of them."""
    with pytest.raises(ConfigError) as caught:
        contract(operations={"eatSim": {}}, enums={"status": {"A": "b", "C": "d"}})

    assert len(caught.value.mistakes) == 3


SCHEMAS = {
    "sim": "Sim", "job": "BatchJob", "sms": "Sms", "enterprise": "Enterprise", "account": "Account",
    "plan": "ServicePackage", "pool": "SharePool", "country": "CountryStatistic",
    "push-mo-sms": "MoSmsPush", "push-mt-sms-status": "MtSmsStatusPush", "push-cycle-usage": "CycleUsagePush",
    "push-imei-change": "ImeiChangePush", "push-no-session": "NoSessionPush",
    "push-package-expired": "PackageExpiredPush", "push-package-traffic": "PackageTrafficPush",
    "push-sim-status-change": "SimStatusChangePush", "push-apn-status-change": "ApnStatusChangePush",
}  # fmt: skip
INNER = {
    "addon": ("Sim", "supplementaryServicePackages"), "apn": ("Sim", "apns"), "change": ("ChangeLogPage", "items"),
    "job-item": ("BatchJob", "items"), "member": ("Enterprise", "accounts"),
}  # fmt: skip
# What the document has and we have no use for beyond `raw`: the ICCID beside the GICCID, the coding of what came in.
UNREAD = {"push": {"iccid"}, "push-mo-sms": {"giccid", "dataCoding"}, "push-mt-sms-status": {"giccid"}}


def properties(schema: Mapping[str, Mapping[str, object]]) -> set[str]:
    """The members an object of this schema may have of its own."""
    parts = [part for part in schema.get("allOf", [schema]) if "$ref" not in part]
    return {name for part in parts for name in part["properties"]}


def of_table(table: str) -> set[str]:
    """The members the document has for what this table of ours reads."""
    schemas = OPENAPI["components"]["schemas"]
    if table == "push":
        return properties(schemas["PushFrame"])
    if table in INNER:
        schema, member = INNER[table]
        return properties(schemas[schema]["properties"][member]["items"])
    return properties(schemas[SCHEMAS[table]])


@pytest.mark.parametrize("table", [name for name in FIELDS if name not in ("page", "query", "body")])
def test_the_keys_are_those_of_the_document(table: str):
    """Each table of fields looks under exactly the keys the document has, and leaves none of them unread."""
    ours = {key for keys in FIELDS[table].values() for key in keys}

    assert ours == of_table(table) - UNREAD.get(table, set())


def test_what_we_send_is_called_as_in_the_document():
    """The names of parameters and members we send are those of the document, all of them."""
    operations = [m for path in OPENAPI["paths"].values() for name, m in path.items() if name != "parameters"]
    shared = OPENAPI["components"]["parameters"]
    parameters = [
        shared[p["$ref"].rpartition("/")[2]] if "$ref" in p else p for o in operations for p in o.get("parameters", [])
    ]
    schemas = OPENAPI["components"]["schemas"]
    sent = ("PackageChange", "ApnChange", "BatchRequest", "BatchPackageRequest", "SmsRequest")

    assert {k for keys in FIELDS["query"].values() for k in keys} == {p["name"] for p in parameters}
    assert {k for keys in FIELDS["body"].values() for k in keys} == set().union(*(properties(schemas[n]) for n in sent))


WORDS = {
    "status": ("SimStatus", Status), "apn_status": ("ApnStatus", None), "charge": ("ChargeType", Charge),
    "change_kind": ("ChangeType", ChangeKind), "sms_state": ("SmsStatus", SmsState),
    "plan_kind": (("ServicePackage", "type"), PlanKind), "job_state": (("BatchJob", "status"), JobState),
    "batch_operation": (("BatchJob", "operation"), BatchOperation), "item_state": (None, ItemState),
}  # fmt: skip


@pytest.mark.parametrize("enum", ENUMS)
def test_the_words_are_those_of_the_document_and_ours(enum: str):
    """Each table of words knows every word of the document, and each of ours is one the rules know."""
    schema, kind = WORDS[enum]
    schemas = OPENAPI["components"]["schemas"]
    if schema is None:
        theirs = schemas["BatchJob"]["properties"]["items"]["items"]["properties"]["status"]["enum"]
    elif isinstance(schema, tuple):
        theirs = schemas[schema[0]]["properties"][schema[1]]["enum"]
    else:
        theirs = schemas[schema]["enum"]

    assert set(ENUMS[enum]) == set(theirs)
    assert set(ENUMS[enum].values()) == (set(kind) if kind is not None else {"on", "off"})


def test_notifications_have_their_tables():
    """What pushes.py reads of each notification is what its table lists, no more and no less."""
    assert {f"push-{name}" for name in FACTS} | {"push"} == {name for name in FIELDS if name.startswith("push")}
    assert all({ours for ours, _, _ in table} == set(FIELDS[f"push-{name}"]) for name, table in FACTS.items())
    assert {ours for ours, _, _ in FRAME} == set(FIELDS["push"])


TOML = """
[fields.push]
event_id = ["id", "eventId"]

[fields.push-cycle-usage]
usage_bytes = ["used", "usageBytes"]

[enums.status]
PAUSED = "suspended"

[operations.changeApnStatus]
confirmed = true
"""


def test_an_operator_corrects_notifications_in_toml():
    """Plain TOML tables correct the keys of notifications; the first key that is set counts, and a flaw names it."""
    own = contract(**tomllib.loads(TOML))

    push = read_push("cycle-usage", b'{"id": "", "eventId": "e1", "giccid": "8949", "used": 5, "usageBytes": 7}', own)
    assert (push.key, push.facts, push.flaw) == ("id:cycle-usage/e1", {"usage_bytes": 5}, None)

    push = read_push("cycle-usage", b'{"giccid": "8949", "used": null, "usageBytes": "x"}', own)
    assert push.flaw is not None
    assert push.flaw.startswith("usageBytes: ")
    status = read_push("sim-status-change", b'{"giccid": "8949", "newStatus": "PAUSED"}', own)
    assert status.facts == {"new": "suspended"}
    assert own.endpoint("changeApnStatus").confirmed
