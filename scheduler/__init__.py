"""Decides *when*: alarm clocks wake jobs, jobs look at rows and fill the outbox; nothing here sends."""

from scheduler.clock import AlarmClock
from scheduler.jobs import JOBS, Job, JobContext

__all__ = ["JOBS", "AlarmClock", "Job", "JobContext"]
