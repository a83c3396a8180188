"""Orders: /orders, "where is my order 1234", and /order for staff; only what is theirs, or what they can prove."""

import re
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, select

from bot import orders_shown
from bot.handlers import ask
from bot.message import Button, Reply
from bot.rendering import called
from bot.turn import Handler, Turn
from crm_core import audit, orders, orders_apart, suggestions, touching
from crm_core.models import ORDER_DIALOGUE, Customer, Dialogue, Interaction, Order
from crm_core.orders import Claim
from crm_core.rules import order_questions
from crm_core.rules.contacts import is_email, is_phone
from crm_core.rules.order_questions import OrderQuestion
from crm_core.rules.orders import is_proven, is_under_way
from knowledge_base import Decision

_A_PAGE = 5
_SHOWN_TO_STAFF = 3
_TRIES = 3  # that fail in one conversation, and …
_TRIES_AT_ONE = 10  # … at one order in all of them, within …
_TRIES_WITHIN = timedelta(hours=1)
_FRESH = timedelta(hours=1)  # so long the next words may be the answer to what was asked
_TRY = "order_try:"  # the reason on the words of a try that failed: they count from there
_EMAIL = re.compile(r"[^@\s,;:<>()，；：（）]+@[^@\s,;:<>()，；：（）]+\.[A-Za-z0-9\-]+")
_PHONE = re.compile(r"(?:\+|00)?\(?\d[\d\s().\-/]{4,28}\d")


async def talk(turn: Turn) -> list[Reply] | None:
    """A question about an order that is named, or the next words of somebody who has to prove whose it is."""
    if turn.staff is not None or turn.incoming.attachment is not None:
        return None
    asked = order_questions.read(turn.text)
    dialogue = turn.dialogue
    if dialogue is not None and dialogue.kind == ORDER_DIALOGUE:
        replies = await _go_on(turn, dialogue, asked)
        if replies is not None:
            return replies
    if asked is None:
        return None
    await ask.speak_their_language(turn)
    if found := await _own(turn, asked):
        turn.match = None  # answered from the records: no question to the articles
        return [_shown(turn, await orders.whole(turn.work, found))]
    if asked.named:
        return await _claim(turn, asked.named)
    return await _beside(turn) if asked.order and not asked.numbers else None


# ---- what is theirs ----


def _may_see_own(turn: Turn) -> bool:
    return turn.customer is not None and is_proven(turn.identity.channel, turn.identity.proof)


async def _own(turn: Turn, asked: OrderQuestion) -> list[Order]:
    """Those of the person's own orders that are meant; nothing for somebody who is not proven."""
    if not asked.numbers or not _may_see_own(turn):
        return []
    assert turn.customer is not None
    found = await orders.own_newest(turn.work, turn.customer.id)
    return [one for one in found if any(_means(asked, said, one) for said in asked.numbers)][:_A_PAGE]


def _means(asked: OrderQuestion, said: str, order: Order) -> bool:
    """A bare number means an order only beside a word for it; "H-2003" does by itself."""
    if not asked.order and said.isdigit() and said != asked.named:
        return False
    same = order_questions.is_same_number
    return same(said, order.external_ref, loosely=True) or same(said, order.tracking or "", loosely=False)


def _shown(turn: Turn, found: Sequence[orders.Whole]) -> Reply:
    blocks = ["\n".join(orders_shown.own(turn.shop, turn.language, one)) for one in found]
    return Reply(text="\n\n".join(blocks), buttons=((turn.button("button-person", "ask.person"),),), titled=True)


async def listing(turn: Turn) -> list[Reply]:
    """`/orders` and its buttons: the person's own orders, newest first; `/orders 1234` is one of them."""
    assert turn.customer is not None
    number = order_questions.number_in(turn.argument) if turn.pressed is None else ""
    if number:
        found = await _own(turn, OrderQuestion(number, (number,), order=True))
        if found:
            return [_shown(turn, await orders.whole(turn.work, found))]
        return await _claim(turn, number)
    if not _may_see_own(turn):
        return await _ask_number(turn)
    skip = max(0, int(turn.pressed.args.get("skip", 0))) if turn.pressed else 0
    rows = await orders.of_customer(turn.work, turn.customer.id, _A_PAGE + 1, skip)
    if not rows:
        return await _ask_number(turn, "orders-none")
    blocks = [
        "\n".join(orders_shown.own(turn.shop, turn.language, one))
        for one in await orders.whole(turn.work, rows[:_A_PAGE])
    ]
    earlier = Button(label=turn.say("button-earlier-orders"), act="order.list", args={"skip": skip + _A_PAGE})
    more = ((earlier,),) if len(rows) > _A_PAGE else ()
    return [Reply(text="\n\n".join((turn.say("orders-title"), *blocks)), titled=True, buttons=more)]


async def _beside(turn: Turn) -> list[Reply] | None:
    """Somebody asks where an order is and names none: what the articles answer, and how their own open order stands."""
    if turn.match is None or turn.match.decision != Decision.ANSWER or not _may_see_own(turn):
        return None
    assert turn.customer is not None
    newest = await orders.of_customer(turn.work, turn.customer.id, _A_PAGE)
    under_way = [one for one in newest if is_under_way(one.state)]
    if not under_way:
        return None
    answered = await ask.talk(turn)
    if len(under_way) == 1:
        (whole,) = await orders.whole(turn.work, under_way)
        said = "\n".join(orders_shown.glimpse(turn.shop, turn.language, whole.glimpse))
    else:
        said = turn.say("orders-under-way", count=len(under_way))
    return [*(answered or []), Reply(text=said, buttons=((turn.button("button-my-orders", "order.list"),),))]


# ---- what they have to prove ----


async def _claim(turn: Turn, number: str) -> list[Reply]:
    """An order is named that is not known to be theirs: looked up with its address or phone number, never without."""
    turn.match = None
    if email := _EMAIL.search(turn.text):
        return await _try(turn, Claim(number=number, email=email[0]))
    if turn.ticket is not None or await _used_up(turn, number):
        return await _to_person(turn)
    _stand(turn, "contact", number=number)
    return [turn.reply("order-ask-contact", _way_out(turn), number=number)]


async def _ask_number(turn: Turn, key: str = "orders-unproven") -> list[Reply]:
    """Nothing can be listed; a single order can be looked up."""
    if turn.ticket is not None:
        return await _to_person(turn)
    _stand(turn, "number")
    return [turn.reply(key, _way_out(turn))]


async def _go_on(turn: Turn, dialogue: Dialogue, asked: OrderQuestion | None) -> list[Reply] | None:
    """The next words in the dialogue; words that are no answer to it end it, and are heard like any others."""
    fresh = turn.work.now - dialogue.updated_at < _FRESH
    if fresh and (asked is None or not asked.named):
        contact = _contact_in(turn.text) if dialogue.step == "contact" else {}
        if contact:
            return await _try(turn, Claim(number=str(dialogue.answers["number"]), **contact))
        number = order_questions.number_in(turn.text) if dialogue.step == "number" else ""
        if number:
            found = await _own(turn, OrderQuestion(number, (number,), order=True))
            if not found:
                return await _claim(turn, number)
            turn.match = None
            await _end(turn)
            return [_shown(turn, await orders.whole(turn.work, found))]
    await _end(turn)
    return None


async def _try(turn: Turn, claim: Claim) -> list[Reply]:
    """Somebody names an order and its address. Who is wrong reads the same whether there is such an order or not."""
    turn.match = None
    if await _used_up(turn, claim.number):
        return await _to_person(turn)
    country = turn.shop.country
    seen = await orders.claimed(turn.work, claim, country) or await orders_apart.claimed(turn.work, claim, country)
    if seen is not None:
        await _suggest_owner(turn, claim)
        await _end(turn)
        return [Reply(text="\n".join(orders_shown.glimpse(turn.shop, turn.language, seen)), titled=True)]
    (await turn.file()).reason = _mark(turn, claim.number)
    await turn.work.session.flush()
    if await _used_up(turn, claim.number):
        return await _to_person(turn)
    _stand(turn, "contact", number=claim.number)
    return [turn.reply("order-not-found", _way_out(turn), number=claim.number)]


async def _suggest_owner(turn: Turn, claim: Claim) -> None:
    """Who knows an order of somebody and their address may be the same person on record twice: staff decide."""
    found = await orders.claimed_order(turn.work, claim, turn.shop.country)
    if found is not None and turn.customer is not None:
        owner = await turn.work.session.get_one(Customer, found.customer_id)
        await suggestions.suggest(turn.work, turn.customer, owner, "order")


async def _used_up(turn: Turn, number: str) -> bool:
    """Whether so many addresses were wrong within the hour, here or for this order, that nobody may go on trying."""
    lately = select(func.count(Interaction.id)).where(Interaction.at > turn.work.now - _TRIES_WITHIN)
    here = lately.where(
        Interaction.conversation_id == turn.conversation.id, Interaction.reason.startswith(_TRY, autoescape=True)
    )
    if (await turn.work.session.scalar(here) or 0) >= _TRIES:
        return True
    at_it = lately.where(Interaction.reason == _mark(turn, number))
    return (await turn.work.session.scalar(at_it) or 0) >= _TRIES_AT_ONE


def _mark(turn: Turn, number: str) -> str:
    """What a failed try at this order is marked with; the number itself cannot be read from it."""
    return _TRY + turn.work.vault.blind(order_questions.bare(number), "order")[:16]


async def _to_person(turn: Turn) -> list[Reply]:
    """A person takes over, or has taken over already: what is written now is theirs to read."""
    await _end(turn)
    if turn.ticket is not None:
        return [turn.reply("ticket-exists", number=str(turn.ticket.number))]
    return await ask.escalate(turn, "order_unproven", told="order-to-person")


def _contact_in(text: str) -> dict[str, str]:
    """The e-mail address or phone number in some words, as `Claim` takes it."""
    email = _EMAIL.search(text)
    if email is not None and is_email(email[0]):
        return {"email": email[0]}
    phone = _PHONE.search(text)
    return {"phone": phone[0]} if phone is not None and is_phone(phone[0]) else {}


def _way_out(turn: Turn) -> tuple[Button, ...]:
    return (turn.button("button-person", "ask.person"),)


def _stand(turn: Turn, step: str, **answers: str) -> None:
    if turn.dialogue is None:
        turn.dialogue = Dialogue(conversation_id=turn.conversation.id)
        turn.work.session.add(turn.dialogue)
    turn.dialogue.kind, turn.dialogue.step = ORDER_DIALOGUE, step
    turn.dialogue.answers = answers
    turn.dialogue.updated_at = turn.work.now


async def _end(turn: Turn) -> None:
    if turn.dialogue is not None and turn.dialogue.kind == ORDER_DIALOGUE:
        await turn.work.session.delete(turn.dialogue)
        turn.dialogue = None


# ---- staff ----


async def show(turn: Turn) -> list[Reply]:
    """`/order 1234`: everything about an order. A look at somebody's data, and on record as one."""
    assert turn.staff is not None
    number = turn.argument.removeprefix("#").strip()
    if not number:
        return [turn.reply("order-which")]
    found = await orders.by_ref(turn.work, number) or await orders.by_tracking(turn.work, number)
    owners = {one.customer_id for one in found}
    within = await touching.customers_within(turn.work, turn.principal, "order.show", owners)
    found = [one for one in found if one.customer_id in within][:_SHOWN_TO_STAFF]
    if not found:
        return [turn.reply("order-unknown", number=number[:60])]
    blocks = []
    for one in await orders.whole(turn.work, found):
        customer = await turn.work.session.get_one(Customer, one.order.customer_id)
        name = await called(turn.work, turn.shop, turn.language, customer.id)
        blocks.append("\n".join(orders_shown.for_staff(turn.shop, turn.language, one, name, customer.number)))
        audit.enter(turn.work, turn.staff.id, "order.show", f"customer:{customer.id}", order=str(one.order.id))
    return [Reply(text="\n\n".join(blocks), titled=True)]


HANDLER = Handler(
    name="orders",
    commands={"/orders": ("order.list", listing), "/order": ("order.show", show)},
    acts={"order.list": listing},
    talk=talk,
)
