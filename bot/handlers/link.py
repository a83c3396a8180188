"""Going on elsewhere: /continue gives a one-time link, following it joins two talks; shared numbers are verified."""

from bot.message import Button, Reply
from bot.tell import tell
from bot.turn import Handler, Shop, Turn, place_of
from crm_core import contacts, conversations, customers, identities
from crm_core.identities import LinkRefused
from crm_core.merging import MergeRefused
from crm_core.models import Customer, Identity, IdentityLink
from crm_core.work import Work


async def go_on(turn: Turn) -> list[Reply]:
    """`/continue`: a link for each other place where this customer can go on as the same person."""
    others = turn.shop.beside(turn.identity.channel)
    if not others:
        return [turn.reply("continue-nowhere")]
    token = identities.make_link(turn.work, turn.identity)
    rows = [
        (Button(label=turn.say(f"button-continue-{place}"), url=f"{address}{token}"),)
        for place, address in sorted(others.items())
    ]
    return [turn.reply("continue-here", *rows, minutes=int(identities.LINK_TERM.total_seconds() // 60))]


async def arrive(turn: Turn) -> list[Reply]:
    """`/start link_…`: who has nothing on record here goes on at once.

    Who has is asked first: somebody else may have sent them the link, to be taken for them.
    """
    if turn.staff is not None:
        return [turn.reply("link-staff")]
    assert turn.customer is not None
    link = await identities.link_of(turn.work, turn.argument)
    if link is not None and await _has_something(turn.work, turn.customer):
        return [turn.reply("link-sure", (turn.button("button-link-yes", "identity.link", link=link.id),))]
    return await _follow(turn, link)


async def confirm(turn: Turn) -> list[Reply]:
    """It was they themselves who asked for the link."""
    assert turn.pressed is not None
    return await _follow(turn, await turn.work.session.get(IdentityLink, int(turn.pressed.args["link"])))


async def _has_something(work: Work, customer: Customer) -> bool:
    """Whether there is anything on record of somebody that another person might be after."""
    return await customers.has_dealings(work, customer.id) or bool(await contacts.rows_of(work, [customer.id]))


async def _follow(turn: Turn, link: IdentityLink | None) -> list[Reply]:
    try:
        maker = await identities.follow(turn.work, link, turn.identity, turn.shop.lifecycle)
    except LinkRefused as refused:
        return [turn.reply(refused.key.replace("_", "-"))]
    except MergeRefused:
        return [turn.reply("link-not-now")]
    turn.customer = await turn.work.session.get_one(Customer, turn.identity.customer_id)
    await say_joined(turn.work, turn.shop, maker, turn.identity)
    return [Reply(text=_joined(turn.shop, turn.identity, maker))]


async def say_joined(work: Work, shop: Shop, to: Identity, other: Identity) -> None:
    """Say in the talk with one identity that it goes on at the other's place, too."""
    ((identity, conversation),) = await conversations.find(work, to.channel, [to.external_id])
    await tell(work, identity, conversation, Reply(text=_joined(shop, to, other)))


def _joined(shop: Shop, to: Identity, other: Identity) -> str:
    return shop.texts.say(
        to.language, "link-done", place=shop.texts.say(to.language, f"place-{place_of(other.channel)}")
    )


async def talk(turn: Turn) -> list[Reply] | None:
    """A phone number that somebody shared as their own."""
    if not turn.incoming.phone or turn.customer is None:
        return None
    await turn.file(text=turn.incoming.phone)
    await identities.verify_phone(turn.work, turn.customer, turn.incoming.phone, turn.shop.country)
    identities.prove(turn.work, turn.identity, "phone")
    return [turn.reply("phone-verified")]


HANDLER = Handler(
    name="link",
    commands={"/continue": ("identity.continue", go_on)},
    acts={"identity.link": confirm},
    talk=talk,
)
