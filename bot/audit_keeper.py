"""Keeps the audit log: links within a second what was entered, and hands anchors out: to a file, and to the admins."""

import asyncio
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from bot.tell import tell_admins
from bot.turn import Shop
from crm_core import audit_chain
from crm_core.audit_chain import Anchor
from crm_core.models import Meta
from crm_core.work import Records

log = structlog.get_logger(__name__)

_PAUSE = 0.5  # seconds between two looks for what waits
_LAST_WORDS = 2.0  # seconds
_ANCHOR_EVERY = timedelta(hours=1)
_TOLD = "audit_told"  # in `meta`: the shop's day on which the admins were told the last anchor
_TOLD_FROM = 9  # o'clock


class AuditKeeper:
    """Links audit entries while this process holds the lease; every process that leaves keeps an anchor."""

    def __init__(self, records: Records, shop: Shop, anchor_file: Path) -> None:
        self._records = records
        self._shop = shop
        self._file = anchor_file
        self._next_anchor: datetime | None = None  # None: as soon as it is known when the last one was kept
        self._told_on: date | None = None

    async def run(self) -> None:
        """Keep the log, until cancelled."""
        while True:
            try:
                await self.keep()
            except Exception:
                # The border of this work: what waits is looked for again at once, and nobody waits for it.
                log.exception("The audit log could not be kept; it is tried again.")
            await asyncio.sleep(_PAUSE)

    async def keep(self) -> None:
        """Link what waits, keep an anchor if it is an hour since the last, and tell the admins if it is a new day.

        The first time everything is looked through: whoever kept the log before may have ended long ago.
        """
        await audit_chain.link_all(self._records, whole=self._next_anchor is None)
        now = self._records.clock()
        if self._next_anchor is None:
            last = await asyncio.to_thread(audit_chain.last_kept, self._file)
            self._next_anchor = last.at + _ANCHOR_EVERY if last else now
        if now >= self._next_anchor:
            self._next_anchor = now + _ANCHOR_EVERY
            await self.anchor()
        await self._tell(now.astimezone(ZoneInfo(self._shop.zone)))

    async def anchor(self) -> Anchor | None:
        """Keep the place that the chain is at; None when nothing was linked since the last one."""
        place = await audit_chain.anchor(self._records)
        return await asyncio.to_thread(self._keep_if_new, place) if place else None

    async def leave(self) -> None:
        """Keep a last anchor before the process ends, within two seconds or not at all."""
        try:
            async with asyncio.timeout(_LAST_WORDS):
                await self.anchor()
        except Exception:
            # The border of leaving: without this anchor the next start keeps one.
            log.exception("No last anchor of the audit chain could be kept.")

    def _keep_if_new(self, place: Anchor) -> Anchor | None:
        last = audit_chain.last_kept(self._file)
        if last is not None and (last.seq, last.hash) == (place.seq, place.hash):
            return None
        audit_chain.keep(self._file, place)
        return place

    async def _tell(self, local: datetime) -> None:
        """Once on each day of the shop after the first; the day is noted in the transaction that tells."""
        today = local.date()
        if self._told_on == today or local.hour < _TOLD_FROM:
            return
        place = await audit_chain.anchor(self._records)
        async with self._records.write() as work:
            told = await work.session.get(Meta, _TOLD)
            if told is None:
                work.session.add(Meta(name=_TOLD, value=today.isoformat()))
            elif told.value != today.isoformat():
                told.value = today.isoformat()
                if place is not None:
                    await tell_admins(work, self._shop, "audit-anchor", entries=str(place.seq), anchor=str(place))
        self._told_on = today
