"""Each refusal of SmartHub, from a stored answer: which error of ours it is, and the sentence a person reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import (
    AccessForbidden,
    BotError,
    ChangeRefused,
    KeyRefused,
    NotFound,
    OutcomeUnknown,
    ProviderBusy,
    ProviderDown,
    ProviderError,
    SimNotFound,
)
from bot.smarthub.contract import ENDPOINTS, contract
from bot.smarthub.problems import Subject, read_problem, refusal

SAMPLES = Path(__file__).parents[1] / "samples" / "smarthub"
CONTRACT = contract(all_confirmed=True)
GICCID = "8949212600000000142"
SIM, ACCOUNT = Subject("SIM", GICCID), Subject("account", "xxxxx账户")
JOB, SMS = Subject("job", "job-000001"), Subject("SMS", "sms-000001")
UNSURE = "so the change may or may not have been done: look at the SIM before trying again."

REFUSALS: list[tuple[str, str, Subject | None, type[BotError], str]] = [
    ("wrong-key.401.json", "getSim", SIM, KeyRefused,
     "SmartHub does not accept the API key. Check SMARTHUB_API_KEY. It said: “Invalid api key”."),
    ("forbidden.403.json", "retireSim", SIM, AccessForbidden,
     "SmartHub says that this API key may not do this. Ask whoever manages the keys. It said: “Access forbidden”."),
    ("not-found.404.json", "getSim", SIM, SimNotFound, f"SmartHub has no SIM {GICCID}. It said: “Not Found”."),
    ("not-found.404.json", "suspendSim", SIM, SimNotFound,
     f"SmartHub has no SIM {GICCID}. (Or its address is another one: [smarthub.operations.suspendSim] path in "
     "config.toml.) It said: “Not Found”."),
    ("not-found.404.json", "getBatchJob", JOB, NotFound, "SmartHub has no job job-000001. It said: “Not Found”."),
    ("not-found.404.json", "getSms", SMS, NotFound, "SmartHub has no SMS sms-000001. It said: “Not Found”."),
    ("not-found.404.json", "listSims", None, ProviderError,
     "SmartHub has nothing at /global-sims (404). Is smarthub.base_url right? It said: “Not Found”."),
    ("missing.422.json", "getSim", SIM, SimNotFound,
     f"SmartHub has no SIM {GICCID}. It said: “Validation Failed; globalSim giccid missing”."),
    ("missing.422.json", "activateSim", SIM, SimNotFound,
     f"SmartHub has no SIM {GICCID}. It said: “Validation Failed; globalSim giccid missing”."),
    ("sms-unknown-sim.422.json", "sendSms", SIM, SimNotFound,
     f"SmartHub has no SIM {GICCID}. It said: “Validation Failed; mtSms toGiccid missing”."),
    ("account-missing.422.json", "getAccount", ACCOUNT, NotFound,
     "SmartHub has no account xxxxx账户. It said: “Validation Failed; account name missing”."),
    ("account-missing.422.json", "listSharePools", ACCOUNT, NotFound,
     "SmartHub has no account xxxxx账户. It said: “Validation Failed; account name missing”."),
    ("illegal-status.422.json", "retireSim", SIM, ChangeRefused,
     "SmartHub refused the change: the SIM is not in a state that allows it. "
     "It said: “Validation Failed; globalSim status illegal_status”."),
    ("invalid-custom-field.422.json", "updateSimCustomFields", SIM, ChangeRefused,
     "SmartHub refused the change: it does not accept a value. "
     "It said: “Validation Failed; customFieldVO custom1 invalid”."),
    ("plan-unknown.422.json", "changeBasicPackage", SIM, ChangeRefused,
     "SmartHub refused the change: something it refers to does not exist. "
     "It said: “Validation Failed; servicePackage servicePackage missing”."),
    ("field-missing.422.json", "sendSms", SIM, ChangeRefused,
     "SmartHub refused the change: something is missing in it. "
     "It said: “Validation Failed; mtSms messageText missing_field”."),
    ("already-there.422.json", "subscribeSupplementaryPackage", SIM, ChangeRefused,
     "SmartHub refused the change: it exists already. It said: “Validation Failed; servicePackage servicePackage "
     "already_exists; The package is ordered already”."),
    ("unknown-code.422.json", "activateSim", SIM, ChangeRefused,
     "SmartHub refused the change. It said: “Validation Failed; globalSim giccid locked_by_carrier”."),
    ("invalid-custom-field.422.json", "listSims", None, ProviderError,
     "SmartHub did not accept the question (422). It said: “Validation Failed; customFieldVO custom1 invalid”."),
    ("not-an-object.400.json", "batchRetire", None, ChangeRefused,
     "SmartHub refused the change (400); nothing was changed. "
     "It said: “Bad Request; Body should be a JSON object”."),
    ("conflict.409.json", "retireSim", SIM, ChangeRefused,
     "SmartHub refused the change (409); nothing was changed. It said: “Conflict; Another change is in progress”."),
    ("busy.429.json", "getSim", SIM, ProviderBusy,
     "SmartHub is busy and asks to wait 7 seconds. It said: “Too Many Requests”."),
    ("maintenance.503.html", "getSim", SIM, ProviderDown,
     "SmartHub is not working right now (503). Try again later."),
    ("too-late.408.json", "getSim", SIM, ProviderDown,
     "SmartHub is not working right now (408). Try again later. It said: “Request Timeout”."),
    ("maintenance.503.html", "retireSim", SIM, OutcomeUnknown, f"SmartHub answered with 503, {UNSURE}"),
    ("gateway.502.html", "changeApnStatus", SIM, OutcomeUnknown, f"SmartHub answered with 502, {UNSURE}"),
    ("too-late.408.json", "suspendSim", SIM, OutcomeUnknown,
     f"SmartHub answered with 408, {UNSURE} It said: “Request Timeout”."),
    ("moved-away.302.html", "suspendSim", SIM, OutcomeUnknown, f"SmartHub answered with 302, {UNSURE}"),
    ("gateway.502.html", "sendSms", SIM, OutcomeUnknown,
     "SmartHub answered with 502, so the SMS may or may not have been sent. It is not sent again by itself."),
    ("gateway.502.html", "batchSuspend", None, OutcomeUnknown,
     "SmartHub answered with 502, so the job may or may not have been stored: look at its SIMs before trying again."),
]  # fmt: skip


@pytest.mark.parametrize(("file", "operation", "about", "kind", "sentence"), REFUSALS)
def test_each_refusal_has_its_error_and_its_sentence(
    file: str, operation: str, about: Subject | None, kind: type[BotError], sentence: str
):
    """What SmartHub answers, in JSON or as a web page, becomes one error of ours with a sentence for people."""
    status = int(file.split(".")[1])

    error = refusal(
        status,
        read_problem((SAMPLES / file).read_bytes()),
        endpoint=CONTRACT.endpoints[operation],
        contract=CONTRACT,
        about=about,
        retry_after=7.0 if status == 429 else None,
    )

    assert type(error) is kind
    assert str(error) == sentence


def test_every_stored_refusal_is_in_the_table():
    """No sample of a refusal lies there unread."""
    stored = {file.name for file in SAMPLES.iterdir() if not file.name.split(".")[1].startswith("2")}

    assert stored == {file for file, *_ in REFUSALS}


@pytest.mark.parametrize("name", [e.name for e in ENDPOINTS if e.changes])
def test_what_may_have_been_done_says_what(name: str):
    """After a lost answer each change says what may or may not have been done."""
    error = refusal(500, read_problem(b""), endpoint=CONTRACT.endpoints[name], contract=CONTRACT, about=None)

    assert isinstance(error, OutcomeUnknown)
    assert "may or may not have been" in str(error)
