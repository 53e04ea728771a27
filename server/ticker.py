"""The ticker: fires schedules that are due, and ends leases that have run out."""

import asyncio
import logging
from datetime import datetime

from server.clock import Clock, timestamp
from server.cron import BadCron, next_run
from stores.engine import Database
from stores.errors import StoreError
from stores.records.queue import Queue
from stores.records.schedules import Schedule, Schedules

logger = logging.getLogger("routa")

PAUSE = 1.0
"""Seconds between two rounds."""


class Ticker:
    """Looks at the clock every now and then. Several servers may do so on one database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._schedules = Schedules(database)
        self._queue = Queue(database)
        self._clock = clock
        self._failing = False

    async def run(self) -> None:
        """Tick until cancelled; while the store is away, in vain."""
        while True:
            try:
                await self.tick()
                self._failing = False
            except StoreError as error:
                if not self._failing:
                    logger.error("No schedule is fired until the store is back: %s", error)
                self._failing = True
            except Exception:
                logger.exception("A defect while schedules were fired")
            await asyncio.sleep(PAUSE)

    async def tick(self) -> list[str]:
        """Fire every schedule that is due, once however many of its times have passed; give their ids."""
        now = self._clock()
        await self._queue.expire(now)
        return [schedule.id for schedule in await self._schedules.due(now) if await self._fire(schedule, now)]

    async def _fire(self, schedule: Schedule, now: datetime) -> bool:
        try:
            following = next_run(schedule.cron_expr, now)
        except BadCron as error:
            logger.error('The schedule "%s" runs for the last time: %s', schedule.id, error)
            following = None
        return await self._schedules.fire(schedule, prompt_of(schedule, now), now, following) is not None


def prompt_of(schedule: Schedule, now: datetime) -> str:
    """Fill in the template of a schedule, or give its plain prompt."""
    if schedule.prompt_template is None:
        return schedule.task_prompt
    return schedule.prompt_template.replace("{cronExpr}", schedule.cron_expr).replace("{timestamp}", timestamp(now))
