"""One unit of work: a session, the vault, the time it is, and who must be told once it is committed."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from crm_core.models import Customer, Interaction, Meta
from crm_core.storage.database import Database
from crm_core.storage.vault import Vault

Clock = Callable[[], datetime]
FINGERPRINT = "key_fingerprint"  # in `meta`: which master key wraps new keys of this database


@dataclass(slots=True)
class Work:
    """What a verb needs. Verbs never commit: whoever opened the work does."""

    session: AsyncSession
    vault: Vault
    now: datetime
    pulled: frozenset[str]  # channels whose readers fetch what is committed: there, commit is sent
    changed: set[int] = field(default_factory=set)  # conversations with something new to show
    queued: set[str] = field(default_factory=set)  # channels with something new to send
    pages: set[str] = field(default_factory=set)  # addresses on pulled channels whose page has something new
    menus: set[tuple[str, str]] = field(default_factory=set)  # staff chats (channel, chat) whose command menu is stale
    desk_changed: bool = False  # tickets or campaigns moved: the lists of staff are stale
    articles: set[tuple[str, str]] = field(default_factory=set)  # (slug, language) added, changed or removed
    synonyms: set[str] = field(default_factory=set)  # languages whose groups of synonyms changed
    told: list[Interaction] = field(default_factory=list)  # what was written down in staff's own talk
    keys: dict[int, bytes | None] = field(default_factory=dict)  # wrapped keys of the customers seen in this work
    new_keys: dict[int, bytes] = field(default_factory=dict)  # those of customers who came in it

    def remember(self, customer: Customer) -> None:
        """Keep a customer's wrapped key at hand."""
        self.keys[customer.id] = customer.key

    def new_key(self, customer_id: int) -> bytes:
        """A wrapped key for a customer who comes to be on record in this work."""
        self.new_keys[customer_id] = self.vault.new_customer_key(customer_id)
        return self.new_keys[customer_id]

    async def key_of(self, customer_id: int | None) -> bytes | None:
        """The wrapped key of a customer; None (the house key) for what belongs to no customer."""
        if customer_id is None:
            return None
        if customer_id not in self.keys:
            customer = await self.session.get(Customer, customer_id)
            self.keys[customer_id] = customer.key if customer else None
        return self.keys[customer_id]


Listener = Callable[[Work], None]


class Records:
    """Opens units of work and tells listeners after each commit."""

    def __init__(self, database: Database, vault: Vault, clock: Clock, pulled: frozenset[str] = frozenset()) -> None:
        self.database = database
        self.vault = vault
        self.clock = clock
        self.pulled = pulled
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        """Call `listener` with the finished work after every commit; it must not block or raise."""
        self._listeners.append(listener)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Work]:
        """A unit that is committed at the end of its block, then announced."""
        async with self.database.write() as session:
            work = Work(session, self.vault, self.clock(), self.pulled)
            yield work
            if work.new_keys:
                await self._wrap_as_wanted(work)
        for listener in self._listeners:
            listener(work)

    async def _wrap_as_wanted(self, work: Work) -> None:
        """New keys stay under the master key that this database wants now: another process may have changed it.

        The write lock is held, so nobody changes it again before the commit.
        """
        await work.session.flush()
        wanted = await work.session.scalar(select(Meta.value).where(Meta.name == FINGERPRINT))
        if wanted is None:
            return
        work.vault.use(wanted)
        for customer_id, key in work.new_keys.items():
            anew = work.vault.wrap_anew(key, f"customer.key:{customer_id}")
            if anew is not None:
                theirs = (Customer.id == customer_id, Customer.key == key)
                await work.session.execute(update(Customer).where(*theirs).values(key=anew))

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Work]:
        """A unit that can change nothing."""
        async with self.database.read() as session:
            yield Work(session, self.vault, self.clock(), self.pulled)

    @asynccontextmanager
    async def glance(self) -> AsyncIterator[Work]:
        """As `read`, for one statement: several would not see the same moment."""
        async with self.database.glance() as session:
            yield Work(session, self.vault, self.clock(), self.pulled)
