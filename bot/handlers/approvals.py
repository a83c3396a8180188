"""What one colleague does not do alone: a second person is asked and answers, or where there is none the PIN is."""

from typing import Any

from bot.handlers import pin
from bot.message import Button, Reply
from bot.rendering import called
from bot.tell import chats_of, tell
from bot.turn import Handler, Shop, Turn
from crm_core import approvals
from crm_core.approvals import ApprovalRefused
from crm_core.models import Approval, Customer, Staff
from crm_core.work import Work

_LISTED = 8


async def step_up(turn: Turn, act: str, args: dict[str, Any]) -> list[Reply] | None:
    """Whether this act may be done now: None when it may, else what was asked for first.

    Once somebody agreed, or the PIN was right, the colleague has a button that does exactly this act, once.
    """
    assert turn.staff is not None
    given = args.get("approval")
    wanted = {name: value for name, value in args.items() if name != "approval"}
    if given is not None:
        holds = await approvals.use(turn.work, int(given), act, wanted, turn.staff.id)
        return None if holds else [turn.reply("approval-over")]
    people = await approvals.second_people(turn.work, act, wanted, turn.staff.id)
    if people.able:
        row = approvals.ask(turn.work, act, wanted, turn.staff.id)
        for one in people.able:
            await _ask(turn.work, turn.shop, one, row)
        names = ", ".join(one.name for one in people.able[:_LISTED])
        return [turn.reply("approval-asked", names=names)]
    if people.barred:
        return [turn.reply("approval-nobody")]
    return await pin.ask(turn, act, wanted)


async def _ask(work: Work, shop: Shop, colleague: Staff, row: Approval) -> None:
    for identity, conversation in await chats_of(work, colleague.id):
        await tell(work, identity, conversation, await _question(work, shop, identity.language, row))


async def _question(work: Work, shop: Shop, language: str, row: Approval) -> Reply:
    """Who wants to do what, with the two answers."""

    def button(key: str, act: str) -> Button:
        return Button(label=shop.texts.say(language, key), act=act, args={"approval": str(row.id)})

    asker = await work.session.get_one(Staff, row.asked_by)
    what = await described(work, shop, language, row.act, row.args)
    yes, no = button("button-agree", "approval.accept"), button("button-disagree", "approval.decline")
    return Reply(text=shop.texts.say(language, "approval-wanted", name=asker.name, what=what), buttons=((yes, no),))


async def described(work: Work, shop: Shop, language: str, act: str, args: dict[str, Any]) -> str:
    """An act with what it is done to, in words."""
    say = shop.texts.say
    if act.startswith("staff."):
        colleague = await work.session.get(Staff, int(args["staff"]))
        name = colleague.name if colleague is not None else ""
        role = say(language, f"role-{args['role']}") if "role" in args else ""
        return say(language, f"step-{act.replace('.', '-')}", name=name, role=role)
    if "customer" in args:
        customer = await work.session.get(Customer, int(args["customer"]))
        name = await called(work, shop, language, int(args["customer"]))
        number = str(customer.number or "") if customer is not None else ""
        return say(language, f"step-{act.replace('.', '-')}", name=name, number=number)
    return say(language, f"step-{act.replace('.', '-')}", number=str(args.get("campaign", "")))


async def listing(turn: Turn) -> list[Reply]:
    """`/approvals`: what waits for a second person."""
    found = [one for one in await approvals.waiting(turn.work) if turn.staff is None or one.asked_by != turn.staff.id]
    if not found:
        return [turn.reply("approvals-none")]
    return [await _question(turn.work, turn.shop, turn.language, one) for one in found[:_LISTED]]


async def accept(turn: Turn) -> list[Reply]:
    """The second person agrees: who asked may do it now."""
    return await _decide(turn, accepted=True)


async def decline(turn: Turn) -> list[Reply]:
    """The second person does not agree."""
    return await _decide(turn, accepted=False)


async def _decide(turn: Turn, *, accepted: bool) -> list[Reply]:
    assert turn.staff is not None
    assert turn.pressed is not None
    try:
        row = await approvals.decide(turn.work, int(turn.pressed.args["approval"]), turn.staff, accepted=accepted)
    except ApprovalRefused as refused:
        return [turn.reply(refused.key.replace("_", "-"))]
    for identity, conversation in await chats_of(turn.work, row.asked_by):
        what = await described(turn.work, turn.shop, identity.language, row.act, row.args)
        key = "approval-accepted" if accepted else "approval-declined"
        text = turn.shop.texts.say(identity.language, key, name=turn.staff.name, what=what)
        go = ((pin.go_button(turn.shop, identity.language, row),),) if accepted else ()
        await tell(turn.work, identity, conversation, Reply(text=text, buttons=go))
    return [turn.reply("approval-decided-yes" if accepted else "approval-decided-no")]


HANDLER = Handler(
    name="approvals",
    commands={"/approvals": ("approval.list", listing)},
    acts={"approval.accept": accept, "approval.decline": decline},
)
