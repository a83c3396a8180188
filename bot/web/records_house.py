"""The house over the records: what the pages ask for, read and written through the verbs of crm_core."""

import hashlib
import re
import secrets
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import delete, select

from bot.channels import Channel, FileGone
from bot.handlers.help import menu
from bot.handlers.link import say_joined
from bot.logins import Logins
from bot.message import Attachment as ChannelFile
from bot.message import Reply
from bot.rendering import called
from bot.tell import tell
from bot.turn import Shop as CounterShop
from bot.web.bell import EVERYTHING, Bell, Listener
from bot.web.files import PHOTOS, kind_of, sniff
from bot.web.guard import principal_of
from bot.web.house import (
    HOME,
    Health,
    NotHere,
    Shop,
    Staff,
    Standing,
    StoredFile,
    Viewer,
    Visitor,
    WebFile,
    WebMessage,
    WebThread,
)
from bot.web.records_view import (
    CUSTOMER_SEES,
    DESK_SEES,
    HOME_SEES,
    MessageView,
    Side,
    ThreadView,
    campaign_words,
    role_sees_tickets,
    staff_ids,
)
from crm_core import (
    articles,
    audit,
    campaigns,
    conversations,
    customers,
    denials,
    identities,
    staff,
    threads,
    touching,
)
from crm_core.files import FileStore
from crm_core.identities import LinkRefused, LoginFailed
from crm_core.merging import MergeRefused
from crm_core.models import (
    Attachment,
    Conversation,
    Identity,
    Interaction,
    Kind,
    Meta,
    Role,
    Ticket,
    WebSession,
)
from crm_core.models import (
    Staff as StaffRow,
)
from crm_core.models import (
    StoredFile as FileRow,
)
from crm_core.rules import access
from crm_core.storage.database import DatabaseError
from crm_core.work import Records, Work

CHANNEL = "webchat"
_TOKEN = re.compile(r"^[A-Za-z0-9_-]{43}$")
_SHOP_STAYS = timedelta(seconds=30)
_SUGGESTED = 3
_OPENED_BY_PEOPLE = ("/start", "/reply", "/note")  # the desk has buttons and modes for these
_CAMPAIGNS = 30


class Parts(Protocol):
    """What the pages need of the running application."""

    records: Records
    shop: CounterShop
    files: FileStore
    channels: dict[str, Channel]


class RecordsHouse:
    """Answers the pages from the records; every read decides for itself what this viewer may see."""

    def __init__(
        self, app: Parts, bell: Bell, *, logins: Logins | None = None, login_origins: tuple[str, ...] = ()
    ) -> None:
        self._app = app
        self._records = app.records
        self._bell = bell
        self._logins = logins
        self._login_origins = login_origins if logins is not None else ()
        self._shop: tuple[datetime, Shop] | None = None

    # the shop, and who is there

    async def shop(self) -> Shop:
        """The shop's facts; read anew after half a minute, because articles change."""
        now = self._records.clock()
        if self._shop is None or now - self._shop[0] > _SHOP_STAYS:
            async with self._records.read() as work:
                self._shop = (now, await self._read_shop(work))
        return self._shop[1]

    async def _read_shop(self, work: Work) -> Shop:
        texts = self._app.shop.texts
        sample = await work.session.get(Meta, "sample_loaded")
        goes_on = bool(self._app.shop.beside(CHANNEL))
        offered = menu(texts, texts.languages[0], Role.CUSTOMER, goes_on=goes_on)
        return Shop(
            names=dict.fromkeys(texts.languages, self._app.shop.name),
            languages=tuple(texts.languages),
            sample=sample is not None,
            commands=tuple(name for name, _line in offered),
            continues=goes_on,
            suggestions={language: await _suggestions(work, language) for language in texts.languages},
            login_origins=self._login_origins,
        )

    async def health(self) -> Health:
        """The database answers; each channel says whether it receives."""
        try:
            await self._records.database.check()
        except DatabaseError:
            return Health(database=False, channels={})
        return Health(
            database=True,
            channels={name: bool(getattr(one, "receiving", True)) for name, one in self._app.channels.items()},
        )

    async def visitor(self, token: str | None) -> Visitor:
        """The address is a digest of the cookie: nothing is recorded by looking, and the cookie is nowhere stored."""
        if token is None or not _TOKEN.match(token):
            token = secrets.token_urlsafe(32)
        digest = hashlib.sha256(b"frontdesk visitor\0" + token.encode()).hexdigest()
        return Visitor(address=f"visitor-{digest[:40]}", token=token)

    async def follow_link(self, visitor: Visitor, token: str, language: str) -> bool:
        """Both chats say so; who follows with nothing on record yet is on record by it."""
        try:
            async with self._records.write() as work:
                if await identities.link_of(work, token[:100]) is None:
                    return False
                identity = await self._recorded(work, visitor, language)
                link = await identities.link_of(work, token[:100])
                maker = await identities.follow(work, link, identity, self._app.shop.lifecycle)
                for to, other in ((maker, identity), (identity, maker)):
                    await say_joined(work, self._app.shop, to, other)
        except (LinkRefused, MergeRefused):
            return False
        return True

    async def log_in(self, visitor: Visitor, token: str, language: str) -> Visitor | None:
        """Who is known as somebody else already, as at a computer that two people use, gets a talk of their own."""
        if self._logins is None:
            return None
        shop = self._app.shop
        spoken = shop.texts.spoken(language)
        for one in (visitor, await self.visitor(None)):
            try:
                login = self._logins.read(token, self._records.clock())
                async with self._records.write() as work:
                    await identities.log_in(work, login, CHANNEL, one.address, spoken, shop.lifecycle, shop.country)
            except LoginFailed as failed:
                if failed.key != "login_other":
                    return None
            except MergeRefused:
                return None
            else:
                return one
        return None

    async def _recorded(self, work: Work, visitor: Visitor, language: str) -> Identity:
        """The identity of a visitor, who is on record from now on."""
        found = await conversations.find(work, CHANNEL, [visitor.address])
        if found:
            return found[0][0]
        identity, _customer, _conversation = await customers.welcome(
            work,
            channel=CHANNEL,
            external_id=visitor.address,
            chat=visitor.address,
            language=self._app.shop.texts.spoken(language),
            name="",
        )
        await work.session.flush()
        return identity

    async def staff(self, token: str | None) -> Staff | None:
        """The colleague of this session, as long as neither has ended."""
        if not token:
            return None
        async with self._records.read() as work:
            identity = await staff.session_identity(work, token)
            row = await work.session.get(StaffRow, identity.staff_id) if identity and identity.staff_id else None
        if identity is None or row is None or row.revoked_at is not None:
            return None
        return self._member(row, identity)

    def _member(self, row: StaffRow, identity: Identity) -> Staff:
        texts = self._app.shop.texts
        offered = menu(texts, identity.language, Role(row.role), goes_on=False)  # staff are never taken for customers
        return Staff(
            id=str(row.id),
            address=identity.external_id,
            name=row.name,
            roles=(row.role,),
            language=identity.language,
            commands=tuple(name for name, _line in offered if name not in _OPENED_BY_PEOPLE),
            team=row.team,
        )

    async def enter(self, invite: str, language: str) -> str | None:
        """Redeem an invite at the web desk and begin a session; who is known there goes on with the same talk."""
        try:
            async with self._records.write() as work:
                identity, conversation = await _seat(work, invite[:200], language)
                row = await staff.use_invite(work, invite[:200], identity.id)
                if row is None:
                    raise NotHere
                identity.staff_id = row.id
                await work.session.flush()
                texts = self._app.shop.texts
                role = texts.say(language, f"role-{row.role}")
                welcome = Reply(text=texts.say(language, "welcome-staff", name=row.name, role=role))
                await tell(work, identity, conversation, welcome)
                return staff.open_session(work, identity.id)
        except NotHere:
            async with self._records.write() as work:  # what began with the invite is undone; that it was tried stays
                await denials.deny(work, None, "web", "staff.join")
            return None

    async def leave(self, token: str) -> None:
        """The session ends at once, in every tab."""
        async with self._records.write() as work:
            await work.session.execute(delete(WebSession).where(WebSession.token_hash == staff.hash_token(token)))

    async def standing(self, visitor: Visitor) -> Standing:
        """Derived from the conversation's current ticket."""
        statement = (
            select(Ticket.number, StaffRow.name)
            .join(Conversation, Conversation.id == Ticket.current_of)
            .join(Identity, Identity.id == Conversation.identity_id)
            .outerjoin(StaffRow, StaffRow.id == Ticket.assignee_id)
            .where(Identity.channel == CHANNEL, Identity.external_id == visitor.address)
        )
        async with self._records.read() as work:
            row = (await work.session.execute(statement)).first()
        if row is None:
            return Standing()
        return Standing(owner="agent" if row[1] else "queue", number=row[0], agent=row[1] or "")

    # reading

    async def messages(self, viewer: Viewer, thread: str, after: int, limit: int) -> Sequence[WebMessage]:
        """What changed past the cursor in the viewer's own talk, in a ticket's conversation, or of a campaign."""
        async with self._records.read() as work:
            if isinstance(viewer, Visitor) or thread == HOME:
                return await self._own(work, viewer, after, limit)
            kind, _, number = thread.partition(":")
            if not number.isascii() or not number.isdigit():
                raise NotHere
            if kind not in access.TOPICS or not access.may(viewer.roles[0], access.TOPICS[kind]):
                raise NotHere
            if kind == "campaign":
                return await self._campaign(work, int(number), after)
            subject, found = await self._ticket(work, viewer, int(number), after, limit)
        if found:
            await self._note(viewer, "ticket.read", subject)
        return found

    async def _note(self, member: Staff, what: str, subject: str) -> None:
        """Enter that a colleague is about to be handed this, unless it was entered a moment ago."""
        async with self._records.glance() as work:
            if await audit.looked(work, int(member.id), what, subject):
                return
        async with self._records.write() as work:
            await audit.look(work, int(member.id), what, subject)

    async def _own(self, work: Work, viewer: Viewer, after: int, limit: int) -> list[WebMessage]:
        found = await conversations.find(work, CHANNEL, [viewer.address])
        if not found or found[0][1].last_rev == after:
            return []
        identity, conversation = found[0]
        if conversation.last_rev < after:
            after = 0  # the page's place in a talk that is no more: whoever had it was erased and is here anew
        side: Side = "customer" if isinstance(viewer, Visitor) else "home"
        kinds = CUSTOMER_SEES if side == "customer" else HOME_SEES
        view = MessageView(work, self._app.shop, side, address=viewer.address, customer="", language=identity.language)
        return await self._draw(work, view, conversation, kinds, after, limit)

    async def _ticket(
        self, work: Work, viewer: Staff, ticket_id: int, after: int, limit: int
    ) -> tuple[str, list[WebMessage]]:
        """As what the ticket stands in the audit log, and its words past the cursor."""
        ticket = await work.session.get(Ticket, ticket_id)
        principal = principal_of(viewer, self._app.shop.agents_see)
        if ticket is None or not await touching.may_touch_ticket(work, principal, "ticket.history", ticket):
            raise NotHere
        subject = f"ticket:{ticket.number}"
        conversation = await work.session.get_one(Conversation, ticket.conversation_id)
        if conversation.last_rev <= after:
            return subject, []
        name = await called(work, self._app.shop, viewer.language, ticket.customer_id)
        view = MessageView(
            work, self._app.shop, "desk", address=viewer.address, customer=name, language=viewer.language
        )
        return subject, await self._draw(work, view, conversation, DESK_SEES, after, limit)

    async def _draw(
        self, work: Work, view: MessageView, conversation: Conversation, kinds: Sequence[str], after: int, limit: int
    ) -> list[WebMessage]:
        first = 0 if after else await threads.newest(work, conversation.id, kinds, limit)
        rows = await conversations.since(work, conversation.id, after, kinds, limit, first=first)
        names = await threads.staff_names(work, staff_ids(rows))
        attached = await conversations.attachments_of(work, [one.id for one, _row in rows])
        drawn = await view.draw(rows, names, attached)
        if drawn and not after:
            # What is older than these, such as a history that was imported since, is not news: the page is past it.
            drawn[-1] = replace(drawn[-1], rev=max(drawn[-1].rev, conversation.last_rev))
        return drawn

    async def _campaign(self, work: Work, campaign_id: int, after: int) -> list[WebMessage]:
        campaign = await campaigns.get(work, campaign_id)
        if campaign is None:
            raise NotHere
        return [message for message in campaign_words(campaign) if message.rev > after]

    async def threads(self, member: Staff) -> Sequence[WebThread]:
        """Tickets for those who work them, campaigns for those who run them."""
        async with self._records.read() as work:
            view = ThreadView(
                work,
                self._app.shop,
                staff_id=int(member.id),
                role=member.roles[0],
                language=member.language,
            )
            listed: list[WebThread] = []
            lines: Sequence[threads.TicketLine] = ()
            if role_sees_tickets(member.roles[0]):
                within = touching.tickets_within(principal_of(member, self._app.shop.agents_see), "ticket.history")
                lines = await threads.tickets_for(work, int(member.id), within)
                facts = await threads.facts_of(work, {line.customer.id for line in lines})
                listed += [await view.ticket(line, facts[line.customer.id]) for line in lines]
            if access.may(member.roles[0], "campaign.list"):
                for campaign in await campaigns.newest(work, _CAMPAIGNS):
                    listed.append(view.campaign(campaign, await campaigns.figures_of(work, campaign)))
        if lines:
            await self._note(member, "ticket.list", "tickets")
        return listed

    def listen(self, viewer: Viewer) -> AbstractContextManager[Listener]:
        """A customer hears of their own talk, the desk of everything."""
        return self._bell.listen(viewer.address if isinstance(viewer, Visitor) else EVERYTHING)

    # files

    async def save_file(self, viewer: Viewer, file_name: str, mime: str, data: bytes) -> str:
        """Seal and keep an uploaded file; a visitor who begins with a file is recorded by it."""
        async with self._records.write() as work:
            found = await conversations.find(work, CHANNEL, [viewer.address])
            if found:
                identity = found[0][0]
            elif isinstance(viewer, Visitor):
                identity = await self._recorded(work, viewer, viewer.language)
            else:
                raise NotHere
            row = await self._app.files.keep(
                work, identity, file_name=file_name, kind=kind_of(mime), mime=mime, data=data
            )
            return f"file:{row.id}"

    async def own_file(self, viewer: Viewer, file_id: str) -> WebFile:
        """Only whoever uploaded a file may send it."""
        async with self._records.read() as work:
            row = await work.session.get(FileRow, int(file_id)) if _is_number(file_id) else None
            owner = await work.session.get(Identity, row.identity_id) if row is not None else None
            if row is None or owner is None or (owner.channel, owner.external_id) != (CHANNEL, viewer.address):
                raise NotHere
            name = await self._app.files.name_of(work, row)
        return WebFile(
            kind="photo" if row.kind == "photo" else "document", file_name=name, size=row.size, url=f"/files/{row.id}"
        )

    async def open_file(self, viewer: Viewer, file_id: str) -> StoredFile:
        """The file of an attachment ("a12") that this viewer can see in a talk; the bytes may be another channel's."""
        number = file_id.removeprefix("a")
        if not file_id.startswith("a") or not _is_number(number):
            raise NotHere
        async with self._records.read() as work:
            attachment, interaction = await self._attachment(work, int(number))
            if not await self._may_see(work, viewer, interaction):
                raise NotHere
            name = await conversations.file_name_of(work, attachment, interaction.customer_id)
        data = await self._bytes(attachment)
        if isinstance(viewer, Staff) and interaction.customer_id is not None:
            await self._note(viewer, "file.open", f"customer:{interaction.customer_id}")
        mime = sniff(data)
        return StoredFile(file_name=name, mime=mime if mime in PHOTOS else "application/octet-stream", data=data)

    async def _may_see(self, work: Work, viewer: Viewer, interaction: Interaction) -> bool:
        """A visitor sees their own talk without notes; colleagues see conversations with a ticket in their reach."""
        found = await conversations.find(work, CHANNEL, [viewer.address])
        own = bool(found) and found[0][1].id == interaction.conversation_id
        if isinstance(viewer, Visitor):
            return own and interaction.kind in CUSTOMER_SEES
        if own:
            return True
        if interaction.kind == Kind.COMMAND:
            return False
        within = touching.tickets_within(principal_of(viewer, self._app.shop.agents_see), "ticket.history")
        ticket = select(Ticket.id).where(Ticket.conversation_id == interaction.conversation_id, within).limit(1)
        return await work.session.scalar(ticket) is not None

    async def _attachment(self, work: Work, attachment_id: int) -> tuple[Attachment, Interaction]:
        attachment = await work.session.get(Attachment, attachment_id)
        if attachment is None:
            raise NotHere
        return attachment, await work.session.get_one(Interaction, attachment.interaction_id)

    async def _bytes(self, attachment: Attachment) -> bytes:
        channel = self._app.channels.get(attachment.channel)
        if channel is None:
            raise NotHere
        wanted = ChannelFile(
            kind="photo" if attachment.kind == "photo" else "document",
            ref=attachment.ref,
            mime=attachment.mime,
            size=attachment.size,
        )
        try:
            return await channel.fetch(wanted)
        except FileGone as error:
            raise NotHere from error


async def _seat(work: Work, invite: str, language: str) -> tuple[Identity, Conversation]:
    """The web address of the colleague who brings this invite: the one they have, else a new one."""
    known = await staff.known_identity(work, invite, CHANNEL)
    if known is not None:
        return (await conversations.find(work, CHANNEL, [known.external_id]))[0]
    address = f"staff-{secrets.token_hex(16)}"
    return customers.add_identity(work, CHANNEL, address, address, language)


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) < 20


async def _suggestions(work: Work, language: str) -> tuple[str, ...]:
    """A first question from each of a few categories, in the words in which people ask."""
    found: dict[str, str] = {}
    # Where people found many ways to ask, they ask often.
    for article in sorted(await articles.published(work), key=lambda one: -len(one.phrasings)):
        if article.language == language and article.phrasings:
            found.setdefault(article.category, str(article.phrasings[0]))
    return tuple(words[:1].upper() + words[1:] for words in list(found.values())[:_SUGGESTED])
