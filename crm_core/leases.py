"""Leases: one process at a time answers, polls and sends; an epoch fences off whoever did before."""

import os
import platform
from datetime import timedelta
from pathlib import Path

from crm_core.models import Lease
from crm_core.work import Work

TERM = timedelta(seconds=15)


def this_process() -> str:
    """A name for this process that no later process on this machine shares: host, process id and start time."""
    pid = os.getpid()
    return f"{platform.node()}:{pid}:{_started(pid)}"


async def take(work: Work, name: str, holder: str, *, afresh: bool = False) -> int | None:
    """Take or renew a lease for 15 s; the epoch when it is ours, None while somebody else holds it.

    A holder on this machine whose process is gone is replaced at once, so a restart need not wait for the term.
    Who takes it `afresh` begins a new epoch even where the holder's name is the same.
    """
    lease = await work.session.get(Lease, name, with_for_update=True)
    if lease is None:
        work.session.add(Lease(name=name, holder=holder, epoch=1, expires_at=work.now + TERM))
        return 1
    if lease.holder != holder or afresh:
        if lease.holder != holder and lease.expires_at > work.now and not _gone(lease.holder):
            return None
        lease.holder = holder
        lease.epoch += 1
    lease.expires_at = work.now + TERM
    return lease.epoch


async def release(work: Work, name: str, holder: str) -> None:
    """Give a lease back so that the next process need not wait."""
    lease = await work.session.get(Lease, name, with_for_update=True)
    if lease is not None and lease.holder == holder:
        lease.expires_at = work.now


def _gone(holder: str) -> bool:
    host, _, rest = holder.partition(":")
    pid, _, started = rest.partition(":")
    return host == platform.node() and pid.isdigit() and _started(int(pid)) != started


def _started(pid: int) -> str:
    """The start time of a process in clock ticks since boot, "" when it does not run (or the system cannot say)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return "" if not _alive(pid) else "alive"
    return "" if fields[0] == "Z" else fields[19]


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
