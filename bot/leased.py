"""Work that one process at a time may do: it begins when the lease is ours and is broken off when the lease is lost."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import structlog

from crm_core import leases
from crm_core.work import Records

log = structlog.get_logger(__name__)

_STAND_BY = 1.0  # seconds between two looks at somebody else's lease
_RENEW = 5.0


class Leased:
    """Holds leases of this process under one name of its own."""

    def __init__(self, records: Records, holder: str) -> None:
        self._records = records
        self._holder = holder

    async def run(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` under the lease until it ends by itself; when the lease is lost, stop it and stand by again."""
        while True:
            await self._wait_for(name)
            working = asyncio.ensure_future(work())
            try:
                if not await self._keep(name, working):
                    log.warning("The lease was lost; this process stands by.", lease=name)
                    continue
                return await working
            finally:
                working.cancel()
                await asyncio.gather(working, return_exceptions=True)

    async def release(self, name: str) -> None:
        """Give a lease back, so that the next process need not wait for its term."""
        async with self._records.write() as work:
            await leases.release(work, name, self._holder)

    async def _wait_for(self, name: str) -> None:
        told = ""
        while True:
            try:
                if await self._take(name):
                    return
                why = "Another process holds this lease; this one stands by."
            except Exception as error:  # noqa: BLE001  # a database that is away must not end what waits for it
                why = f"The lease could not be taken ({type(error).__name__}); this process asks again."
            if why != told:
                log.warning(why, lease=name)
                told = why
            await asyncio.sleep(_STAND_BY)

    async def _keep(self, name: str, working: "asyncio.Future[None]") -> bool:
        """Renew until the work has ended (True) or the lease is somebody else's (False).

        A database that is away for a moment loses nothing: the next renewal asks again.
        """
        while True:
            done, _still = await asyncio.wait({working}, timeout=_RENEW)
            if done:
                return True
            with contextlib.suppress(Exception):
                if not await self._take(name):
                    return False

    async def _take(self, name: str) -> bool:
        async with self._records.write() as work:
            return await leases.take(work, name, self._holder) is not None
