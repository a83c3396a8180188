"""A question asked of the database finds the people that a plain look at each of them finds."""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, insert, select

from crm_core.models import (
    AttributeValue,
    Base,
    CampaignRecipient,
    Consent,
    Conversation,
    Customer,
    CustomerTag,
    Identity,
    Order,
    OrderLine,
    Outbox,
    Payment,
    RfmScore,
    Staff,
    Ticket,
)
from crm_core.segments import KnownAttribute, KnownNames, compile, parse  # noqa: A004 - what it does
from tests import servers

NOW = datetime(2026, 11, 22, 20, 30, tzinfo=UTC)
ZONES = ("UTC", "Asia/Shanghai", "America/New_York", "Pacific/Kiritimati")
KNOWN = KnownNames(
    attributes={
        "size": KnownAttribute(id=1, kind="choice", choices=("S", "L")),
        "points": KnownAttribute(id=2, kind="number"),
        "renewal": KnownAttribute(id=3, kind="date"),
        "member": KnownAttribute(id=4, kind="yes_no"),
        "nickname": KnownAttribute(id=5, kind="text"),
    },
    segments={"loyal": "orders >= 2", "not loyal": "not segment loyal"},
)
OPS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
REFUSED = ("cancelled", "returned")


@dataclass(frozen=True)
class Bought:
    """An order."""

    state: str
    total: int
    currency: str
    at: datetime
    back: tuple[int, ...]
    product: str


@dataclass(frozen=True)
class Someone:
    """All that is known of one person; the fields are what the questions ask for."""

    language: str
    stage: str
    owner: str | None
    company: str | None
    created: datetime
    birthday: str | None
    tags: frozenset[str]
    consents: tuple[bool, ...]
    ways: tuple[tuple[str, bool, bool], ...]  # channel, blocked by us, unreachable
    wrote: tuple[datetime | None, ...]
    orders: tuple[Bought, ...]
    tickets: tuple[tuple[str, int | None], ...]  # state, rating
    received: tuple[str, ...]  # states of campaign rows
    scores: tuple[int, int, int] | None
    attributes: tuple[tuple[int, Any], ...]

    @property
    def bought(self) -> list[Bought]:
        """The orders that count."""
        return [one for one in self.orders if one.state not in REFUSED]

    @property
    def bought_at(self) -> list[datetime]:
        """When these were placed."""
        return [one.at for one in self.bought]

    @property
    def last_words(self) -> datetime | None:
        """When they last wrote."""
        return max((at for at in self.wrote if at), default=None)

    @property
    def rating(self) -> int | None:
        """The one that was given last."""
        given = [rating for _, rating in self.tickets if rating is not None]
        return given[-1] if given else None

    def spent(self, currency: str) -> int:
        """In minor units, less what was given back."""
        return sum(one.total - sum(one.back) for one in self.bought if one.currency == currency)

    def average_is(self, compared: Callable[[Any, Any], bool], bound: int) -> bool:
        """Whether their orders in EUR are on average so big."""
        totals = [one.total for one in self.bought if one.currency == "EUR"]
        return bool(totals) and compared(sum(totals), bound * len(totals))

    def attribute(self, attribute_id: int) -> Any:
        """Its value."""
        return dict(self.attributes).get(attribute_id)


def midnight(days: int) -> datetime:
    """The beginning of a day some days ago, in one of the zones or another."""
    return datetime.combine(NOW.date() - timedelta(days=days // 4), time(), ZoneInfo(ZONES[days % 4])).astimezone(UTC)


DAYS = (0, 1, 2, 6, 7, 8, 28, 29, 30, 31, 59, 60, 61)
MOMENTS = st.builds(
    lambda days, zone, micro: midnight(days * 4 + zone) + timedelta(microseconds=micro),
    st.sampled_from((-1, *DAYS)),
    st.integers(0, 3),
    st.sampled_from((-1, 0, 1, 43_200_000_000)),
)
ORDERS = st.builds(
    Bought,
    state=st.sampled_from(("paid", "delivered", *REFUSED)),
    total=st.sampled_from((0, 1, 4_999, 5_000, 5_001, 10_000)),
    currency=st.sampled_from(("EUR", "JPY")),
    at=MOMENTS,
    back=st.lists(st.sampled_from((1, 2_500)), max_size=2).map(tuple),
    product=st.sampled_from(("oolong", "pu erh")),
)
PEOPLE = st.builds(
    Someone,
    language=st.sampled_from(("en", "zh")),
    stage=st.sampled_from(("lead", "active", "lost")),
    owner=st.sampled_from((None, "Wei", "Sue")),
    company=st.sampled_from((None, "Tea & Co", "and", '茶"馆')),
    created=MOMENTS,
    birthday=st.sampled_from((None, "11-22", "11-23", "11-29", "12-01", "02-28", "02-29")),
    tags=st.frozensets(st.sampled_from(("vip", "blocked", "茶"))),
    consents=st.lists(st.booleans(), max_size=3).map(tuple),
    ways=st.lists(
        st.tuples(st.sampled_from(("webchat", "telegram:1", "telegramx")), st.booleans(), st.booleans()), max_size=3
    ).map(tuple),
    wrote=st.lists(st.none() | MOMENTS, max_size=3).map(tuple),
    orders=st.lists(ORDERS, max_size=4).map(tuple),
    tickets=st.lists(
        st.tuples(st.sampled_from(("open", "waiting", "snoozed", "resolved")), st.none() | st.integers(1, 5)),
        max_size=3,
    ).map(tuple),
    received=st.lists(st.sampled_from(("sent", "in_doubt", "suppressed")), max_size=3).map(tuple),
    scores=st.none() | st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(1, 5)),
    attributes=st.fixed_dictionaries(
        {},
        optional={
            1: st.sampled_from(("S", "L")),
            2: st.sampled_from((-1.5, 0.0, 2.0)),
            3: st.sampled_from(("2026-11-01", "2026-11-22", "2026-11-23", "2026-12-24")),
            4: st.sampled_from(("yes", "no")),
            5: st.sampled_from(("and", "Otto")),
        },
    ).map(lambda chosen: tuple(chosen.items())),
)

# ---- questions: a text, and what it asks of one person on a day in a zone ----

Fits = Callable[[Someone, ZoneInfo], bool]
Question = tuple[str, Fits]


def today(zone: ZoneInfo) -> date:
    return NOW.astimezone(zone).date()


def numbers(name: str, values: Sequence[Any], value: Callable[[Someone], Any]) -> st.SearchStrategy[Question]:
    """`orders >= 2` and the like; nobody fits whose value is None, unless it is asked for what they are not."""

    def build(op: str, bound: Any) -> Question:
        def fits(one: Someone, _zone: ZoneInfo) -> bool:
            found = value(one)
            return op == "!=" if found is None else OPS[op](found, bound)

        return f"{name} {op} {bound}", fits

    return st.builds(build, st.sampled_from(sorted(OPS)), st.sampled_from(values))


def moments(name: str, value: Callable[[Someone, ZoneInfo], date | None]) -> st.SearchStrategy[Question]:
    """`last_order < 30 days ago` (an age), `last_order < 2026-11-01` (a day), `within`, `over`, `is known`."""

    def age(op: str, days: int) -> Question:
        def fits(one: Someone, zone: ZoneInfo) -> bool:
            found = value(one, zone)
            if found is None or (op in {"<", "<="} and found > today(zone)):
                return False
            return OPS[op]((today(zone) - found).days, days)

        words = {"<=": f"{name} within {days} days", ">": f"{name} over {days} days ago"}
        return words.get(op, f"{name} {op} {days} days ago"), fits

    def day(op: str, days: int) -> Question:
        wanted = NOW.date() - timedelta(days=days)

        def fits(one: Someone, zone: ZoneInfo) -> bool:
            found = value(one, zone)
            return op == "!=" if found is None else OPS[op](found, wanted)

        return f"{name} {op} {wanted}", fits

    def now(op: str) -> Question:
        def fits(one: Someone, zone: ZoneInfo) -> bool:
            found = value(one, zone)
            return op == "!=" if found is None else OPS[op](found, today(zone))

        return f"{name} {op} today", fits

    ages = st.builds(age, st.sampled_from(("<", "<=", "=", ">", ">=")), st.sampled_from(DAYS))
    days = st.builds(day, st.sampled_from(sorted(OPS)), st.sampled_from(DAYS))
    known = (f"{name} is known", lambda one, zone: value(one, zone) is not None)
    return (
        ages | days | st.builds(now, st.sampled_from(sorted(OPS))) | st.just(known)
        if name != "created"
        else ages | days
    )


def words(name: str, values: Sequence[str], value: Callable[[Someone], str | None]) -> st.SearchStrategy[Question]:
    """`company = x`, `company in (x, y)`, `company is unknown`."""
    quoted = [f'"{one}"' if '"' not in one else f"“{one}”" for one in values]

    def equal(op: str, place: int) -> Question:
        return f"{name} {op} {quoted[place]}", lambda one, _zone: OPS[op](value(one), values[place])

    def among(negated: bool) -> Question:
        text = f"{name} {'not ' if negated else ''}in ({quoted[0]}、{quoted[-1]})"
        return text, lambda one, _zone: (value(one) in {values[0], values[-1]}) != negated

    return st.builds(equal, st.sampled_from(("=", "!=")), st.integers(0, len(values) - 1)) | st.builds(
        among, st.booleans()
    )


def local(moment: datetime | None, zone: ZoneInfo) -> date | None:
    return None if moment is None else moment.astimezone(zone).date()


def reachable(one: Someone, channel: str) -> bool:
    return any(
        not blocked and not gone and (name == channel or name.startswith(f"{channel}:"))
        for name, blocked, gone in one.ways
    )


def renewal(one: Someone, _zone: ZoneInfo) -> date | None:
    found = one.attribute(3)
    return None if found is None else date.fromisoformat(found)


def said_last(one: Someone) -> bool | None:
    return one.consents[-1] if one.consents else None


def lately(moment: datetime | None, zone: ZoneInfo) -> bool:
    return moment is not None and 0 <= (today(zone) - moment.astimezone(zone).date()).days <= 7


def bought_lately(one: Someone, product: str, days: int, zone: ZoneInfo) -> bool:
    """Of a product, in an order that counts, within so many days of the shop's; what has yet to come is not lately."""
    ages = [(today(zone) - order.at.astimezone(zone).date()).days for order in one.bought if order.product == product]
    return any(0 <= age <= days for age in ages)


PLAIN: list[Question] = [
    ("all", lambda _one, _zone: True),
    ("tag vip", lambda one, _zone: "vip" in one.tags),
    ("tag != blocked", lambda one, _zone: "blocked" not in one.tags),
    ("tag in （vip，茶）", lambda one, _zone: bool(one.tags & {"vip", "茶"})),
    ("consent marketing", lambda one, _zone: said_last(one) is True),
    ("consent marketing no", lambda one, _zone: said_last(one) is False),
    ("channel telegram", lambda one, _zone: reachable(one, "telegram")),
    ("channel in (webchat, telegramx)", lambda one, _zone: reachable(one, "webchat") or reachable(one, "telegramx")),
    ("open ticket", lambda one, _zone: any(state != "resolved" for state, _ in one.tickets)),
    ("open ticket no", lambda one, _zone: all(state == "resolved" for state, _ in one.tickets)),
    ('bought "pu erh"', lambda one, _zone: any(order.product == "pu erh" for order in one.bought)),
    ("not bought oolong within 1 month", lambda one, zone: not bought_lately(one, "oolong", 31, zone)),
    ("bought != oolong within 4 weeks", lambda one, zone: not bought_lately(one, "oolong", 28, zone)),
    ("bought not in (oolong, tea) within 7 days", lambda one, zone: not bought_lately(one, "oolong", 7, zone)),
    ("bought sku SKU-oolong", lambda one, _zone: any(order.product == "oolong" for order in one.bought)),
    ("rating is unknown", lambda one, _zone: one.rating is None),
    ("company is known", lambda one, _zone: one.company is not None),
    ("owner is unknown", lambda one, _zone: one.owner is None),
    ('company != "Tea & Co"', lambda one, _zone: one.company != "Tea & Co"),
    ("not owner = Wei", lambda one, _zone: one.owner != "Wei"),
    ("not rating >= 3", lambda one, _zone: not (one.rating or 0) >= 3),
    ("not recency = 5", lambda one, _zone: one.scores is None or one.scores[0] != 5),
    ("attribute.points != 2", lambda one, _zone: one.attribute(2) != 2),
    ("not attribute.size in (S, L)", lambda one, _zone: one.attribute(1) is None),
    ("not last_contact within 7 days", lambda one, zone: not lately(one.last_words, zone)),
    ("not last_order within 7 days", lambda one, zone: not lately(max(one.bought_at, default=None), zone)),
    ("first_order within 7 days", lambda one, zone: lately(min(one.bought_at, default=None), zone)),
    ("spent < 50 EUR", lambda one, _zone: one.spent("EUR") < 5_000),
    ("spent >= 50 EUR", lambda one, _zone: one.spent("EUR") >= 5_000),
    ("average_order >= 50 EUR", lambda one, _zone: one.average_is(operator.ge, 5_000)),
    ("campaigns = 0", lambda one, _zone: "sent" not in one.received),
    ("segment loyal", lambda one, _zone: len(one.bought) >= 2),
    ('in segment "not loyal"', lambda one, _zone: len(one.bought) < 2),
    ("attribute.member = yes", lambda one, _zone: one.attribute(4) == "yes"),
    ("attribute.points is known", lambda one, _zone: one.attribute(2) is not None),
    ("attribute.renewal in 5 weeks", lambda one, zone: (
        (found := renewal(one, zone)) is not None and 0 <= (found - today(zone)).days <= 35
    )),
    ("birthday today", lambda one, zone: one.birthday == f"{today(zone):%m-%d}"),
    ("birthday in 7 days", lambda one, zone: one.birthday in {
        f"{today(zone) + timedelta(days=days):%m-%d}" for days in range(8)
    }),
    ("birthday this month", lambda one, _zone: (one.birthday or "").startswith("11-")),
    ("birthday next month", lambda one, _zone: (one.birthday or "").startswith("12-")),
    ("birthday = 02-29", lambda one, _zone: one.birthday == "02-29"),
    ("birthday is unknown", lambda one, _zone: one.birthday is None),
]  # fmt: skip
SIMPLE = st.one_of(
    st.sampled_from(PLAIN),
    words("language", ("en", "zh"), lambda one: one.language),
    words("stage", ("lead", "lost"), lambda one: one.stage),
    words("owner", ("Wei", "Sue"), lambda one: one.owner),
    words("company", ("Tea & Co", "and", '茶"馆'), lambda one: one.company),
    words("attribute.nickname", ("and", "Otto"), lambda one: one.attribute(5)),
    words("attribute.size", ("S", "L"), lambda one: one.attribute(1)),
    numbers("orders", (0, 1, 2), lambda one: len(one.bought)),
    numbers("tickets", (0, 1, 2), lambda one: len(one.tickets)),
    numbers("rating", (1, 3, 5), lambda one: one.rating),
    numbers("campaigns", (0, 1, 2), lambda one: one.received.count("sent")),
    numbers("recency", (1, 3, 5), lambda one: one.scores and one.scores[0]),
    numbers("money", (1, 3, 5), lambda one: one.scores and one.scores[2]),
    numbers("attribute.points", (-1.5, 0, 2), lambda one: one.attribute(2)),
    st.builds(
        lambda op, minor: (f"spent {op} {minor / 100:.2f} EUR", lambda one, _: OPS[op](one.spent("EUR"), minor)),
        st.sampled_from(sorted(OPS)),
        st.sampled_from((0, 1, 4_999, 5_000)),
    ),
    st.builds(
        lambda op, minor: (f"spent {op} JPY {minor}", lambda one, _: OPS[op](one.spent("JPY"), minor)),
        st.sampled_from(sorted(OPS)),
        st.sampled_from((0, 5_000)),
    ),
    st.builds(
        lambda op, minor: (
            f"average_order {op} {minor / 100:.2f} EUR", lambda one, _: one.average_is(OPS[op], minor)
        ),
        st.sampled_from(("<", "<=", ">", ">=", "=")),
        st.sampled_from((0, 4_999, 5_000)),
    ),
    st.builds(
        lambda product, how, days: (
            f"bought {how.format(product)} within {days} days",
            lambda one, zone: bought_lately(one, product, days, zone),
        ),
        st.sampled_from(("oolong", "pu erh")),
        st.sampled_from(('"{}"', '= "{}"', 'in ("{}", "none")', 'sku "SKU-{}"')),
        st.sampled_from(DAYS),
    ),
    moments("created", lambda one, zone: local(one.created, zone)),
    moments("last_contact", lambda one, zone: local(one.last_words, zone)),
    moments("first_order", lambda one, zone: local(min(one.bought_at, default=None), zone)),
    moments("last_order", lambda one, zone: local(max(one.bought_at, default=None), zone)),
    moments("attribute.renewal", renewal),
)  # fmt: skip


def both(left: Question, right: Question) -> Question:
    return f"({left[0]}) and ({right[0]})", lambda one, zone: left[1](one, zone) and right[1](one, zone)


def either(left: Question, right: Question) -> Question:
    return f"({left[0]} or {right[0]})", lambda one, zone: left[1](one, zone) or right[1](one, zone)


def negated(one: Question) -> Question:
    return f"not ({one[0]})", lambda person, zone: not one[1](person, zone)


QUESTIONS = st.recursive(
    SIMPLE,
    lambda inner: st.builds(both, inner, inner) | st.builds(either, inner, inner) | st.builds(negated, inner),
    max_leaves=5,
)

# ---- the population on record ----


@cache
def engine() -> Engine:
    """An empty database; every example rolls back what it stored."""
    made = servers.tables_only()
    with made.begin() as connection:
        connection.execute(insert(Staff), [
            {"id": place, "name": name, "role": "agent", "created_at": NOW} for place, name in ((1, "Wei"), (2, "Sue"))
        ])  # fmt: skip
    return made


def store(connection: Connection, people: Sequence[Someone]) -> None:
    """Write them down, the first as customer 1."""
    ids = count(1)
    rows: dict[Any, list[dict[str, Any]]] = {}

    def add(table: type[Base], **values: Any) -> int:
        found: int = values.setdefault("id", next(ids)) if "id" in table.__table__.columns else 0
        rows.setdefault(table, []).append(values)
        return found

    for number, one in enumerate(people, 1):
        add(
            Customer, id=number, language=one.language, stage=one.stage, company=one.company, source="chat",
            owner_id={"Wei": 1, "Sue": 2, None: None}[one.owner], created_at=one.created, birth_day=one.birthday,
        )  # fmt: skip
        for tag in one.tags:
            add(CustomerTag, customer_id=number, tag=tag)
        for granted in one.consents:
            add(Consent, customer_id=number, purpose="marketing", granted=granted, source="x", at=NOW)
        for channel, blocked, gone in one.ways:
            add(
                Identity, channel=channel, external_id=f"x{next(ids)}", chat="x", customer_id=number, staff_id=None,
                language="en",
                created_at=NOW, blocked_at=NOW if blocked else None, unreachable_at=NOW if gone else None,
            )  # fmt: skip
        for wrote in one.wrote:
            add(Conversation, identity_id=next(ids), customer_id=number, created_at=NOW, last_in_at=wrote)
        for order in one.orders:
            made = add(
                Order, source="x", external_ref=f"x{next(ids)}", customer_id=number, state=order.state,
                total_minor=order.total, currency=order.currency, placed_at=order.at,
            )  # fmt: skip
            add(
                OrderLine, order_id=made, product=order.product, sku=f"SKU-{order.product}", quantity=1,
                unit_price_minor=1,
            )  # fmt: skip
            for kind, amount in (("payment", order.total), *(("refund", back) for back in order.back)):
                add(Payment, order_id=made, kind=kind, amount_minor=amount, external_ref=f"x{next(ids)}", at=NOW)
        for state, rating in one.tickets:
            add(
                Ticket, number=next(ids), conversation_id=1, customer_id=number, first_interaction_id=1, state=state,
                reason="weak", opened_at=NOW, changed_at=NOW, rating=rating,
            )  # fmt: skip
        for state in one.received:
            row = add(Outbox, **OUTBOX, state=state)
            add(CampaignRecipient, campaign_id=next(ids), customer_id=number, language="en", outbox_id=row)
        if one.scores:
            recency, frequency, money = one.scores
            add(RfmScore, customer_id=number, recency=recency, frequency=frequency, money=money, at=NOW)
        for attribute_id, value in one.attributes:
            add(
                AttributeValue, customer_id=number, attribute_id=attribute_id, at=NOW,
                text=value if isinstance(value, str) else None, number=None if isinstance(value, str) else value,
            )  # fmt: skip
    # Somebody who is nobody's customer: rows without an owner must not spoil a `not`.
    add(
        Identity, channel="telegram:1", external_id="staff", chat="x", customer_id=None, staff_id=1, language="en",
        created_at=NOW, blocked_at=None, unreachable_at=None,
    )  # fmt: skip
    add(Conversation, identity_id=next(ids), customer_id=None, created_at=NOW, last_in_at=NOW)
    for table, values in rows.items():
        connection.execute(insert(table), values)


OUTBOX = {
    "channel": "memory", "chat": "x", "lane": 5, "subject": "x", "attempts": 0, "created_at": NOW,
}  # fmt: skip


@pytest.mark.database
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(PEOPLE, min_size=1, max_size=4), st.lists(QUESTIONS, min_size=1, max_size=8), st.sampled_from(ZONES))
def test_the_database_finds_whom_a_plain_look_finds(
    people: list[Someone], questions: list[Question], zone: str
) -> None:
    with engine().connect() as connection:
        store(connection, people)
        for text, fits in questions:
            tree = parse(text, KNOWN)
            found = connection.scalars(select(Customer.id).where(compile(tree, NOW, zone)).order_by(Customer.id))
            wanted = [number for number, one in enumerate(people, 1) if fits(one, ZoneInfo(zone))]
            assert found.all() == wanted, text
            assert parse(str(tree), KNOWN) == tree, text
        connection.rollback()


@pytest.mark.database
def test_each_plain_question_finds_whom_it_should_of_people_who_fit_and_who_do_not() -> None:
    """All of them, whatever the property above happens to draw."""
    seen: dict[str, set[bool]] = {text: set() for text, _ in PLAIN}
    zone = "Asia/Shanghai"

    @settings(max_examples=40, deadline=None, database=None, derandomize=True)
    @given(st.lists(PEOPLE, min_size=4, max_size=6))
    def look(people: list[Someone]) -> None:
        with engine().connect() as connection:
            store(connection, people)
            for text, fits in PLAIN:
                found = set(connection.scalars(select(Customer.id).where(compile(parse(text, KNOWN), NOW, zone))))
                wanted = {number for number, one in enumerate(people, 1) if fits(one, ZoneInfo(zone))}
                assert found == wanted, text
                seen[text] |= {number in wanted for number in range(1, len(people) + 1)}
            connection.rollback()

    look()
    assert [text for text, both in seen.items() if both != {True, False}] == ["all"]
