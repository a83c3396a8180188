"""What a job is, and what it is given."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from crm_core.files import FileStore
from crm_core.models import Ticket
from crm_core.rules.lifecycle import Lifecycle
from crm_core.rules.retention import Months
from crm_core.work import Records, Work

Remind = Callable[[Work, Ticket, bool], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobContext:
    """What jobs need; `remind` words the reminder of a ticket (work, ticket, whether the customer is told too)."""

    records: Records
    remind: Remind
    unclaimed_after_minutes: int
    after_resolved_days: int  # 0: no such follow-up
    after_first_contact_days: int  # 0: no such follow-up
    lifecycle: Lifecycle
    files: FileStore
    months: Months  # for how long what is kept
    zone: str  # the shop's


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One kind of timed work; `every` is in seconds."""

    name: str
    every: float
    run: Callable[[JobContext], Awaitable[None]]
