"""Timed work: one file each, and one line in this table."""

from scheduler.jobs import (
    campaigns,
    cleaning,
    erasing,
    follow_ups,
    names,
    orders_apart,
    relationships,
    retention,
    scores,
    suggestions,
    unclaimed,
)
from scheduler.jobs.base import Job, JobContext

JOBS: tuple[Job, ...] = (
    Job(name="erasing", every=1.0, run=erasing.run),
    Job(name="campaigns", every=1.0, run=campaigns.run),
    Job(name="unclaimed", every=15.0, run=unclaimed.run),
    Job(name="follow_ups", every=60.0, run=follow_ups.run),
    Job(name="relationships", every=600.0, run=relationships.run),
    Job(name="scores", every=600.0, run=scores.run),
    Job(name="names", every=600.0, run=names.run),
    Job(name="orders_apart", every=300.0, run=orders_apart.run),
    Job(name="suggestions", every=600.0, run=suggestions.run),
    Job(name="retention", every=3600.0, run=retention.run),
    Job(name="cleaning", every=600.0, run=cleaning.run),
)

__all__ = ["JOBS", "Job", "JobContext"]
