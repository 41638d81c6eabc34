"""The tables of the contract: the same as the OpenAPI document, and changed by the operator only in sensible ways."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from bot.errors import AddressNotConfirmed, ConfigError
from bot.smarthub.contract import ENDPOINTS, Basis, contract

OPENAPI = yaml.safe_load((Path(__file__).parents[2] / "docs" / "smarthub-openapi.yaml").read_text(encoding="utf-8"))
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
