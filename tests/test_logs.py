"""What simops and its libraries write about their work: with `json` every line is one object, tracebacks included."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from tests.forked import Forked

TALK = """
import logging
import warnings
import structlog
from bot.logs import set_up_logs, web_log

warnings.simplefilter("error")
set_up_logs(level={level!r}, form={form!r})
ours, theirs = structlog.get_logger(), logging.getLogger("slack_bolt.App")
ours.info("started", port=8080)
theirs.info("connecting to https://hooks.example/secret")
theirs.warning("two\\nlines of %s", "bolt")
for log in (ours, theirs, logging.getLogger("apscheduler.executors.default")):
    try:
        1 / 0
    except ZeroDivisionError:
        log.exception("job_failed")
theirs.error("without one", stack_info=True)
web_log().error("in the web server", exc_info=ValueError("broken\\nhere"))
"""


def written(*, form: str, level: str = "info") -> str:
    """What a process of its own writes to standard error."""
    with closing(Forked("-c", TALK.format(level=level, form=form))) as talk:
        said, written = talk.stdout.read(), talk.stderr.read().decode()
        talk.join()
    assert (talk.returncode, said) == (0, b"")
    return written


def test_every_line_is_one_object():
    """Lines of ours and of the libraries are JSON with time, level, logger and event; a traceback is one text in it."""
    lines = [json.loads(line) for line in written(form="json").splitlines()]

    assert [(line["level"], line["logger"], line["event"]) for line in lines] == [
        ("info", "simops", "started"),
        ("warning", "slack_bolt.App", "two\nlines of bolt"),
        ("error", "simops", "job_failed"),
        ("error", "slack_bolt.App", "job_failed"),
        ("error", "apscheduler.executors.default", "job_failed"),
        ("error", "slack_bolt.App", "without one"),
        ("error", "simops.web", "in the web server"),
    ]
    assert all(line["timestamp"].endswith("Z") for line in lines)
    assert lines[0]["port"] == 8080
    for line in lines[2:5]:
        assert line["exception"].startswith("Traceback")
        assert line["exception"].endswith("ZeroDivisionError: division by zero")
    assert lines[6]["exception"].endswith("ValueError: broken\nhere")


def test_text_is_for_people():
    """As text the same is written plainly, without colours, and a traceback stands below its line."""
    said = written(form="text")

    assert "started" in said
    assert "port=8080" in said
    assert said.count("\nZeroDivisionError: division by zero\n") == 3
    assert "slack_bolt.App" in said
    assert "\x1b" not in said


@pytest.mark.parametrize("form", ["json", "text"])
def test_what_libraries_say_below_a_warning_is_not_written(form: str):
    """At no level do addresses that libraries tell of get into the log: ours hold a secret."""
    assert "secret" not in written(form=form, level="debug")


def test_the_level_holds_for_both():
    """Nothing below the level is written, be it ours or a library's."""
    levels = {json.loads(line)["level"] for line in written(form="json", level="error").splitlines()}

    assert levels == {"error"}
