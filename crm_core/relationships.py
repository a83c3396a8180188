"""Moving customers from stage to stage: at once when an order is taken in, and once a day as time passes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Table, bindparam, exists, func, insert, or_, select, type_coerce, update

from crm_core import walking
from crm_core.models import NOT_BOUGHT, Conversation, Customer, Meta, Order, Stage, StageChange
from crm_core.rules.lifecycle import History, Lifecycle, Standing, standing
from crm_core.storage.ids import new_id
from crm_core.work import Work

AT_ONCE = 100  # customers that one transaction looks at or moves

_EVERY = timedelta(days=1)
_ENOUGH = 30  # customers who came twice, before the shop's own interval is believed
_DAY_MICROS = 86_400_000_000
_WALK = "stages_walk"  # "<when it began>|<the customer it came to>", the latter empty once it is through
_USUAL = "stages_usual_days"


@dataclass(frozen=True, slots=True)
class Walk:
    """One walk over all customers, as far as it came; `cursor` is None once it is through."""

    begun: datetime
    cursor: int | None


async def reckon(work: Work, customer_ids: Collection[int], rules: Lifecycle) -> int:
    """Move those of these customers (500 at most) who stand elsewhere by now, and write down why; how many moved.

    To be called in the transaction that takes in an order, or changes one. Who was erased or merged away stays.
    """
    await work.session.flush()
    moves = await moves_of(work, customer_ids, rules)
    if moves:
        await _write(work, moves)
    return len(moves)


async def stir(work: Work) -> None:
    """Let the next alarm look at everybody, for those who took in more orders than they want to reckon themselves."""
    found = await work.session.get(Meta, _WALK)
    if found is not None:
        await work.session.delete(found)
        await work.session.flush()


async def moves_of(work: Work, customer_ids: Collection[int], rules: Lifecycle) -> dict[int, tuple[Stage, Standing]]:
    """Those of these customers who stand elsewhere by now: where they stood, and where they stand."""
    statement = select(Customer.id, Customer.stage).where(
        Customer.id.in_(list(customer_ids)), Customer.key.is_not(None), Customer.merged_into.is_(None)
    )
    stages = {row[0]: Stage(row[1]) for row in (await work.session.execute(statement)).all()}
    histories = await histories_of(work, stages)
    shop_days = await usual_days(work)
    found = {one: standing(histories[one], before, shop_days, rules, work.now) for one, before in stages.items()}
    return {one: (stages[one], stands) for one, stands in found.items() if stands.stage != stages[one]}


async def histories_of(work: Work, customer_ids: Collection[int]) -> dict[int, History]:
    """What each of these customers bought and when, and when they last wrote."""
    ids = list(customer_ids)
    orders: dict[int, list[datetime]] = {one: [] for one in ids}
    bought = (
        select(Order.customer_id, Order.placed_at)
        .where(Order.customer_id.in_(ids), Order.state.not_in(NOT_BOUGHT))
        .order_by(Order.customer_id, Order.placed_at)
    )
    for customer_id, at in (await work.session.execute(bought)).all():
        orders[customer_id].append(at)
    wrote = (
        select(Conversation.customer_id, func.max(Conversation.last_in_at))
        .where(Conversation.customer_id.in_(ids), Conversation.last_in_at.is_not(None))
        .group_by(Conversation.customer_id)
    )
    contacts = {row[0]: row[1] for row in (await work.session.execute(wrote)).all()}
    return {one: History(orders=orders[one], last_contact=contacts.get(one)) for one in ids}


async def usual_days(work: Work) -> float | None:
    """The shop's usual days between two orders of a customer, as the last walk measured it; None: too few to tell."""
    value = await walking.noted(work, _USUAL)
    return float(value) if value else None


async def measure(work: Work) -> float | None:
    """The median over customers who bought twice or more of their mean days between orders; None for too few."""
    placed = type_coerce(Order.placed_at, BigInteger)
    count = func.count()
    mean = ((func.max(placed) - func.min(placed)) * 1.0 / (count - 1) / _DAY_MICROS).label("days")
    each = select(mean).where(Order.state.not_in(NOT_BOUGHT)).group_by(Order.customer_id).having(count > 1).subquery()
    number = await work.session.scalar(select(func.count()).select_from(each)) or 0
    if number < _ENOUGH:
        return None
    middle = select(each.c.days).order_by(each.c.days).offset(number // 2).limit(1)
    return float(await work.session.scalar(middle) or 0)


async def walk_of(work: Work) -> Walk | None:
    """The walk that is under way or the last one; None when the next has to begin by all means."""
    value = await walking.noted(work, _WALK)
    if not value:
        return None
    begun, _, cursor = value.partition("|")
    return Walk(datetime.fromisoformat(begun), int(cursor) if cursor else None)


def is_over(walk: Walk | None, now: datetime) -> bool:
    """Whether everybody was looked at within the last day."""
    return walk is not None and walk.cursor is None and now - walk.begun < _EVERY


async def begin(work: Work, shop_days: float | None) -> Walk:
    """Begin a walk with the shop's usual interval as it was just measured."""
    walk = Walk(work.now, 0)
    await remember(work, walk)
    await walking.note(work, _USUAL, "" if shop_days is None else f"{shop_days:.3f}")
    return walk


async def remember(work: Work, walk: Walk) -> None:
    """Write down how far a walk came."""
    cursor = "" if walk.cursor is None else str(walk.cursor)
    await walking.note(work, _WALK, f"{walk.begun.isoformat()}|{cursor}")


async def next_customers(work: Work, cursor: int) -> Sequence[int]:
    """The next customers past this one who may have to move: everybody but leads who never ordered."""
    bought = exists().where(Order.customer_id == Customer.id)
    return await walking.next_customers(work, cursor, AT_ONCE, or_(Customer.stage != Stage.LEAD, bought))


async def _write(work: Work, moves: dict[int, tuple[Stage, Standing]]) -> None:
    table = Customer.__table__
    assert isinstance(table, Table)
    moved = update(table).where(table.c.id == bindparam("customer")).values(stage=bindparam("to"))
    await work.session.execute(moved, [{"customer": one, "to": stands.stage} for one, (_, stands) in moves.items()])
    rows: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "customer_id": one,
            "before": before,
            "after": stands.stage,
            "reason": stands.reason,
            "at": work.now,
        }
        for one, (before, stands) in moves.items()
    ]
    await work.session.execute(insert(StageChange), rows)
