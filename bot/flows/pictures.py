"""A chart that Slack did not draw, as a picture in the thread of its message."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import structlog

from bot.errors import BotError
from bot.pictures import can_draw, chart_in, drawn
from bot.sheets import written
from bot.slack import Posted, Slack

log = structlog.get_logger()


class Pictures:
    """Drawing beside."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack

    async def beside(self, thread: Posted, blocks: Sequence[Mapping[str, object]]) -> None:
        """Puts the chart among these blocks into the thread, where there is one and it can be drawn. The message stands
        without it, whatever happens.
        """
        try:
            chart = chart_in(blocks)
            if chart is None or not can_draw():
                return
            async with written("chart.png", await asyncio.to_thread(drawn, chart)) as path:
                await self._slack.upload(
                    thread.channel, name=path.name, title=chart.title, path=path, thread_ts=thread.ts
                )
        except BotError as problem:
            log.warning("picture_not_sent", problem=str(problem))
        except Exception:  # else the messages behind it would wait for a picture
            log.exception("picture_not_drawn")
