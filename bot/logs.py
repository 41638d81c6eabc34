"""How simops writes about its own work: one line an event, without secrets, bodies and phone numbers."""

from __future__ import annotations

import logging
import sys

import structlog
from aiohttp.http import HttpProcessingError


def set_up_logs(*, level: str, form: str) -> None:
    """Lets everything at or above this level go to standard error, as `json` or as `text`."""
    number = logging.getLevelNamesMapping()[level.upper()]
    # Libraries speak through logging; below a warning they name addresses, and ours hold a secret.
    logging.basicConfig(level=max(number, logging.WARNING), stream=sys.stderr, format="%(levelname)s %(message)s")
    renderer = structlog.dev.ConsoleRenderer(colors=False) if form == "text" else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def web_log() -> logging.Logger:
    """For the web server: it repeats the first line of a broken request, and the address in it may hold our secret."""
    log = logging.getLogger("simops.web")
    log.addFilter(_is_ours)
    return log


def _is_ours(record: logging.LogRecord) -> bool:
    """Whether something broke here, and not merely at whoever sent the request."""
    return record.exc_info is None or not isinstance(record.exc_info[1], HttpProcessingError)
