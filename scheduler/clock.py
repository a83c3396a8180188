"""The alarm clock: APScheduler wakes each job; rows say what is due, so a missed alarm loses nothing."""

import asyncio
from datetime import UTC

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from scheduler.jobs import JOBS, Job, JobContext

log = structlog.get_logger(__name__)

_LAST_WORDS = 2.0  # seconds


class AlarmClock:
    """Runs the jobs of `scheduler.jobs.JOBS`; one at a time each, and one that fails rings again."""

    def __init__(self, context: JobContext) -> None:
        self._context = context
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._ringing: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Set every alarm; each rings once at the start."""
        for job in JOBS:
            self._scheduler.add_job(
                self.ring,
                IntervalTrigger(seconds=job.every, timezone=UTC),
                args=(job,),
                id=job.name,
                max_instances=1,
                coalesce=True,
                misfire_grace_time=None,
                next_run_time=self._context.records.clock(),
            )
        self._scheduler.start()

    async def stop(self) -> None:
        """Take every alarm off and let the jobs that run come to their end, for 2 s at most."""
        if not self._scheduler.running:
            return
        self._scheduler.pause()
        if self._ringing:
            await asyncio.wait(self._ringing, timeout=_LAST_WORDS)
        self._scheduler.shutdown(wait=False)

    async def ring(self, job: Job) -> None:
        """Run one job."""
        task = asyncio.current_task()
        assert task is not None
        self._ringing.add(task)
        try:
            await job.run(self._context)
        except Exception:
            # The border of the job: what failed is rolled back and looked at again at the next alarm.
            log.exception("A job failed; it runs again at its next alarm.", job=job.name)
        finally:
            self._ringing.discard(task)
