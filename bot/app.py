"""The one file that puts all pieces together: records, knowledge, channels, counter, couriers, alarms and the web."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from bot import place
from bot.articles import Book
from bot.audit_keeper import AuditKeeper
from bot.channels import Channel, FileGone
from bot.config import Settings
from bot.counter import Counter
from bot.courier import Courier
from bot.embedding import make_embedder
from bot.intake import IntakeDesk
from bot.kept_secrets import with_secrets
from bot.learning import GapKeeper
from bot.leased import Leased
from bot.message import Attachment, Incoming
from bot.opening import open_records, utc_now
from bot.rendering import Reminder
from bot.texts import Texts
from bot.throttle import Throttle
from bot.turn import Shop
from crm_core import leases
from crm_core.files import FileStore
from crm_core.rules.access import SEEING
from crm_core.tombstones import Tombstones
from crm_core.work import Records, Work
from scheduler import AlarmClock, JobContext

log = structlog.get_logger(__name__)

_ARTICLES_EVERY = 2.0
_RECEIVE_AGAIN = 1.0


@dataclass(slots=True)
class App:
    """Everything that serves, opened but not running; `run` runs it until told to stop."""

    settings: Settings
    records: Records
    book: Book
    shop: Shop
    files: FileStore
    channels: dict[str, Channel]
    intake: IntakeDesk
    counter: Counter
    couriers: dict[str, Courier]
    clock: AlarmClock
    leased: Leased
    gap_keeper: GapKeeper
    audit_keeper: AuditKeeper
    articles_stirred: asyncio.Event  # set by a commit here that changed articles, and when it is time to leave

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set, then drain: no new updates, the turn and the deliveries at hand are finished."""
        self.clock.start()
        tasks = [asyncio.create_task(self.leased.run("counter", self.counter.run), name="counter")]
        tasks += [asyncio.create_task(courier.run(), name="courier") for courier in self.couriers.values()]
        receiving = [asyncio.create_task(self._receive(channel)) for channel in self.channels.values()]
        keeping = asyncio.create_task(self.leased.run("gaps", self.gap_keeper.run), name="gaps")
        auditing = asyncio.create_task(self.leased.run("audit", self.audit_keeper.run), name="audit")
        refreshing = asyncio.create_task(self._keep_articles_fresh(stop))
        await stop.wait()
        self.articles_stirred.set()
        log.info("Frontdesk is leaving: it finishes what is at hand.")
        await self.clock.stop()
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await refreshing
        await self._stop_receiving(receiving)
        self.counter.stop()
        await _finish(tasks[:1], 2.0)
        for courier in self.couriers.values():
            courier.stop()
        await _finish(tasks, 4.0)
        auditing.cancel()
        await asyncio.gather(auditing, return_exceptions=True)
        await self.audit_keeper.leave()
        for name in ("counter", "gaps", "audit", *(f"receive:{channel}" for channel in self.channels)):
            await self.leased.release(name)

    async def close(self) -> None:
        """Let go of channels and database."""
        self.book.close()
        for channel in self.channels.values():
            with contextlib.suppress(Exception):
                await channel.close()
        await place.leave(self.records)
        await self.records.database.close()

    async def _receive(self, channel: Channel) -> None:
        """Receive until stopped. One process polls a bot; every process takes what its own web pages bring."""

        async def receive() -> None:
            await channel.receive(lambda updates: self.intake.take(channel.name, updates))

        while True:
            try:
                await (receive() if channel.pull else self.leased.run(f"receive:{channel.name}", receive))
            except Exception:
                # The border of a channel: what it could not hand over it will hand over again.
                log.exception("A channel could not receive; it tries again.", channel=channel.name)
                await asyncio.sleep(_RECEIVE_AGAIN)
            else:
                return

    async def _keep_articles_fresh(self, stop: asyncio.Event) -> None:
        training = asyncio.create_task(self._train())
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.articles_stirred.wait(), _ARTICLES_EVERY)
            self.articles_stirred.clear()
            if stop.is_set():
                training.cancel()
                return
            try:
                if await self.book.refresh(self.records):
                    log.info("Articles changed; the matcher is up to date.", articles=len(self.book))
            except Exception:
                log.exception("The articles could not be read; the ones known so far stay in use.")
            if training.done():
                training = asyncio.create_task(self._train())

    async def _train(self) -> None:
        while await self.book.settle_or_log():
            pass

    async def _stop_receiving(self, receiving: Sequence["asyncio.Task[None]"]) -> None:
        stops = [asyncio.create_task(channel.stop_receiving()) for channel in self.channels.values()]
        await _finish(stops, 1.5)
        await _finish(receiving, 0.5)


async def _finish(tasks: Sequence["asyncio.Task[None]"], seconds: float) -> None:
    """Give tasks this long to end by themselves, then cancel them; what they raised is logged."""
    if not tasks:
        return
    done, late = await asyncio.wait(tasks, timeout=seconds)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    for task in done:
        if not task.cancelled() and task.exception() is not None:
            log.error("A part of Frontdesk failed.", part=task.get_name(), exc_info=task.exception())


MakeChannels = Callable[[Settings, Records, FileStore], Sequence[Channel]]


async def open_app(settings: Settings, make_channels: MakeChannels, clock: Callable[[], datetime] = utc_now) -> App:
    """Open the records, read the articles and put the pieces together; nothing runs yet."""
    records = await open_records(settings, clock)
    try:
        await place.settle_in(records)
        return await _assemble(await with_secrets(settings, records), records, make_channels)
    except BaseException:
        await records.database.close()
        raise


async def _assemble(settings: Settings, records: Records, make_channels: MakeChannels) -> App:
    book = Book(settings.knowledge.wrong_answers_at_most, make_embedder(settings), now=records.clock)
    await book.load_configured(records, settings.article_paths)
    if book.is_small:
        await book.settle_or_log()
    files = FileStore(settings.key_file.parent / "files")
    channels = {channel.name: channel for channel in make_channels(settings, records, files)}
    for channel in channels.values():
        await channel.open()
    shop = Shop(
        name=settings.shop.name,
        zone=settings.shop.time_zone,
        texts=Texts(settings.shop.languages),
        articles=book,
        files=files,
        tombstones=Tombstones(settings.tombstone_file),
        understand=book.understand if settings.knowledge.embedder else None,
        staff_group=_staff_group(settings, channels),
        unclaimed_after_minutes=settings.tickets.unclaimed_after_minutes,
        quiet=settings.marketing.quiet_hours,
        weekly_cap=settings.marketing.weekly_cap,
        country=settings.shop.country,
        agents_see=SEEING[settings.access.agents_see],
        broadcast_needs_second_from=settings.access.broadcast_needs_second_from,
        pin_memory_kib=settings.access.pin_memory_kib,
        lifecycle=settings.relationships.lifecycle,
        judge_share=settings.knowledge.judge_share if settings.knowledge.judge_per_week else 0.0,
        judge_per_week=settings.knowledge.judge_per_week,
        second_person_approves=settings.knowledge.second_person_approves,
    )
    holder = leases.this_process()
    background: set[asyncio.Task[None]] = set()

    def acknowledge(incoming: Incoming) -> None:
        task = asyncio.create_task(channels[incoming.channel].acknowledge(incoming))
        background.add(task)
        task.add_done_callback(background.discard)

    counter = Counter(
        records,
        shop,
        {name: channel.decode for name, channel in channels.items()},
        Throttle(settings.receiving.per_minute),
        acknowledge,
    )
    couriers = {name: Courier(records, shop, channel, holder) for name, channel in channels.items()}

    def wake_couriers(work: Work) -> None:
        for name in work.queued:
            if name in couriers:
                couriers[name].wake()

    records.listen(wake_couriers)
    context = JobContext(
        records=records,
        remind=Reminder(shop),
        unclaimed_after_minutes=settings.tickets.unclaimed_after_minutes,
        after_resolved_days=settings.followups.after_resolved_days,
        after_first_contact_days=settings.followups.after_first_contact_days,
        lifecycle=settings.relationships.lifecycle,
        files=files,
        months=settings.privacy.months,
        zone=settings.shop.time_zone,
    )
    articles_stirred = asyncio.Event()

    def stir_articles(work: Work) -> None:
        if work.articles or work.synonyms:
            articles_stirred.set()

    records.listen(stir_articles)
    return App(
        settings=settings,
        records=records,
        book=book,
        shop=shop,
        files=files,
        channels=channels,
        intake=IntakeDesk(records, counter.wake),
        counter=counter,
        couriers=couriers,
        clock=AlarmClock(context),
        leased=Leased(records, holder),
        gap_keeper=GapKeeper(records, book),
        audit_keeper=AuditKeeper(records, shop, settings.anchor_file),
        articles_stirred=articles_stirred,
    )


def _staff_group(settings: Settings, channels: dict[str, Channel]) -> tuple[str, str] | None:
    if settings.telegram.staff_chat_id is None:
        return None
    telegram = next((name for name in channels if name.startswith("telegram:")), None)
    return (telegram, str(settings.telegram.staff_chat_id)) if telegram else None


async def load_file(records: Records, files: FileStore, channels: dict[str, Channel], attachment: Attachment) -> bytes:
    """The bytes behind a "file:…" reference: our own by id, another channel's by asking that channel."""
    where, bar, ref = attachment.ref.removeprefix("file:").partition("|")
    if bar:
        if where not in channels:
            raise FileGone(attachment.ref)
        return await channels[where].fetch(
            Attachment(kind=attachment.kind, ref=ref, file_name=attachment.file_name, mime=attachment.mime)
        )
    try:
        async with records.read() as work:
            return await files.read(work, int(where))
    except (KeyError, ValueError) as error:
        raise FileGone(attachment.ref) from error
