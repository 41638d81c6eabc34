"""How simops writes about its own work: one line an event, without secrets, bodies and phone numbers."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence

import structlog
from aiohttp.http import HttpProcessingError
from structlog.typing import EventDict, Processor, WrappedLogger


def set_up_logs(*, level: str, form: str) -> None:
    """Lets everything at or above this level go to standard error, as `json` or as `text`.

    As `json` every line is one object with `timestamp`, `level`, `logger` and `event`, and a traceback is one text in
    `exception`: also of what the libraries write, which speak through `logging`.
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    last = _renderers(form)
    theirs = logging.StreamHandler(sys.stderr)
    theirs.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_log_level, structlog.stdlib.add_logger_name, stamp],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    # Below a warning libraries name addresses, and ours hold a secret.
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[theirs])
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            _add_our_name,
            stamp,
            *last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _renderers(form: str) -> Sequence[Processor]:
    """What turns an event into its line."""
    if form == "text":
        plain = structlog.dev.plain_traceback
        return [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=plain)]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]


def _add_our_name(_log: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event.setdefault("logger", "simops")
    return event


def web_log() -> logging.Logger:
    """For the web server: it repeats the first line of a broken request, and the address in it may hold our secret."""
    log = logging.getLogger("simops.web")
    log.addFilter(_is_ours)
    return log


def _is_ours(record: logging.LogRecord) -> bool:
    """Whether something broke here, and not merely at whoever sent the request."""
    return record.exc_info is None or not isinstance(record.exc_info[1], HttpProcessingError)
