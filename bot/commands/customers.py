"""`customer …` and `attribute …`: looking customers up, changing a record, and the fields that the operator adds."""

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from bot.commands.options import AsJson, Config, Refused, ask, countable, opened, say, say_json, say_table, settings_of

if TYPE_CHECKING:
    from bot.config import Settings
    from crm_core.merging import Preview
    from crm_core.models import Customer, Merge
    from crm_core.record import Card
    from crm_core.work import Work

customers = typer.Typer(
    help="Look customers up, change their records, and join two of one person.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)
attribute = typer.Typer(
    help="Fields of your own on the customer's record.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)
Number = Annotated[int, typer.Argument(metavar="NUMBER", callback=countable, help="The customer's number.")]


def add_to(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    app.add_typer(customers, name="customer")
    app.add_typer(attribute, name="attribute")


# ---- customers ----


@customers.command("find")
def find(
    words: Annotated[list[str], typer.Argument(metavar="WORDS", help="What is known of them.")],
    limit: Annotated[int, typer.Option("--limit", min=1, max=100, help="How many to list at most.")] = 10,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Find customers by what is known of them.

    WORDS are a number, an order's number, a whole phone number or e-mail address, tag:tea, or words of a name (Chinese
    names also in pinyin or by initials), all of which must fit. The look is written down as an audit entry.
    """
    settings = settings_of(config)
    query = " ".join(words)

    async def go() -> list[list[Any]]:
        from crm_core import audit, finding
        from crm_core.conversations import name_of

        async with opened(settings) as records, records.write() as work:
            found = await finding.find(work, query, settings.shop.country, limit)
            audit.enter(work, None, "customer.find", "customers", count=len(found))
            return [[one.number, await name_of(work, one), one.stage, one.language, one.company] for one in found]

    rows = asyncio.run(go())
    columns = ["number", "name", "stage", "language", "company"]
    if as_json:
        say_json({"customers": [dict(zip(columns, row, strict=True)) for row in rows]})
    elif rows:
        say_table(columns, rows)
    else:
        say(f'Nobody is found for "{query}".')


@customers.command("show")
def show(
    number: Number,
    reveal: Annotated[
        bool, typer.Option("--reveal", help="Show phone numbers, addresses and personal attributes in full.")
    ] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show all that is on record of a customer.

    The look is written down as an audit entry.
    """
    settings = settings_of(config)

    async def go() -> None:
        from bot.portrait import Reader, card_text
        from bot.texts import Texts
        from crm_core import audit, record

        reader = Reader(texts=Texts(("en",)), language="en", zone=settings.shop.time_zone)
        async with opened(settings) as records, records.write() as work:
            card = await record.card(work, await known(work, number))
            audit.enter(work, None, "customer.reveal" if reveal else "customer.show", f"customer:{number}")
            if as_json:
                say_json(_as_json(card, reveal=reveal))
            else:
                say(card_text(reader, card, revealed=reveal))

    asyncio.run(go())


async def known(work: "Work", number: int) -> "Customer":
    """The customer with this number; refuses one that nobody has."""
    from crm_core import record

    found = await record.by_number(work, number)
    if found is None:
        raise Refused(f"There is no customer #{number}.")
    return found


def _as_json(card: "Card", *, reveal: bool) -> dict[str, Any]:
    from crm_core import attributes
    from crm_core.models import ContactKind
    from crm_core.rules.record import masked

    customer = card.customer
    return {
        "number": customer.number,
        "name": card.name,
        "contacts": [
            {
                "kind": one.kind,
                "value": one.value if reveal or one.kind == ContactKind.NAME else masked(one.kind, one.value),
                "main": one.main,
                "verified_at": one.verified_at,
            }
            for one in card.contacts
        ],
        "language": customer.language,
        "time_zone": customer.time_zone,
        "birthday": card.birthday,
        "company": customer.company,
        "stage": customer.stage,
        "stage_since": card.stage_since,
        "owner": card.owner or None,
        "tags": card.tags,
        "attributes": {
            one.attribute.key: attributes.shown(one.value) if reveal or not one.attribute.personal else None
            for one in card.attributes
        },
        "notes": [{"at": one.at, "by": one.by or None, "text": one.body} for one in card.notes],
        "consent": {purpose: {"granted": yes, "at": at} for purpose, (yes, at) in card.consents.items()},
        "channels": [one.channel for one in card.identities],
        "orders": card.bought.orders,
        "value": {one.currency: one.value_minor for one in card.bought.spent},
        "last_order_at": card.bought.last_at,
        "tickets": [one.number for one in card.tickets],
        "last_contact_at": card.last_contact,
    }


@customers.command("change")
def change(
    number: Number,
    words: Annotated[list[str], typer.Argument(metavar="FIELD VALUE", help='Such as: company "Tea House"')],
    config: Config = None,
) -> None:
    """Change one field of a customer's record, as staff do in the chat.

    FIELD is name, alias, phone, email, address, language, zone, birthday, company, owner, tag, note, or an attribute.
    A minus takes away; put -- before it: customer change 12 -- company -
    """
    settings = settings_of(config)

    async def go() -> str:
        from bot.record_words import apply, called, read_edit
        from bot.texts import Texts
        from crm_core.record import By

        async with opened(settings) as records, records.write() as work:
            customer = await known(work, number)
            edit = read_edit(" ".join(words), await called(work))
            if edit is None:
                raise Refused(f'"{words[0]}" is no field of the record: `frontdesk customer change --help` names them.')
            key = await apply(work, customer, edit, By(staff_id=None, source="command"), settings.shop.country)
            return Texts(("en",)).say("en", key, number=str(customer.number), field=edit.field or words[0])

    say(asyncio.run(go()))


# ---- two records of one person ----


@customers.command("merge")
def merge(
    keep: Annotated[
        int, typer.Argument(metavar="KEEP", callback=countable, help="The number of the customer who stays.")
    ],
    other: Annotated[
        int, typer.Argument(metavar="OTHER", callback=countable, help="The number of the one who becomes part of them.")
    ],
    preview: Annotated[bool, typer.Option("--preview", help="Only say what would happen.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before merging.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Make two records of one person one.

    What would happen is shown first. `customer unmerge` takes them apart again within 30 days. The look and the merge
    are audit entries.
    """
    settings = settings_of(config)
    found = asyncio.run(_preview(settings, keep, other))
    if not as_json:
        for line in _words_of(found):
            say(line)
    if preview:
        if as_json:
            say_json(_preview_as_json(found))
        return
    if not yes:
        ask(f"Make #{other} part of #{keep}?")
    row = asyncio.run(_merge(settings, keep, other))
    if as_json:
        say_json({"merge": row.id, **_preview_as_json(found)})
    else:
        say(f"#{other} is part of #{keep} now. `frontdesk customer unmerge {row.id}` takes them apart again.")


async def _pair(work: "Work", keep: int, other: int) -> tuple["Customer", "Customer"]:
    return await _as_they_stand(work, keep), await _as_they_stand(work, other)


async def _as_they_stand(work: "Work", number: int) -> "Customer":
    from crm_core import merging

    found = await merging.numbered(work, number)
    if found is None:
        raise Refused(f"There is no customer #{number}.")
    return found


async def _preview(settings: "Settings", keep: int, other: int) -> "Preview":
    from crm_core import merging

    async with opened(settings) as records, records.write() as work:
        return await merging.preview(work, *await _pair(work, keep, other))


async def _merge(settings: "Settings", keep: int, other: int) -> "Merge":
    from crm_core import merging

    async with opened(settings) as records, records.write() as work:
        pair = await _pair(work, keep, other)
        return await merging.merge(work, *pair, "person", None, settings.relationships.lifecycle)


def _words_of(found: "Preview") -> list[str]:
    from bot.merge_words import preview_words
    from bot.texts import Texts

    return preview_words(partial(Texts(("en",)).say, "en"), found)


def _preview_as_json(found: "Preview") -> dict[str, Any]:
    from bot.merge_words import contact_shown

    return {
        "kept": found.kept.number,
        "other": found.other.number,
        "channels": found.identities,
        "tickets": found.tickets,
        "orders": found.orders,
        "conflicts": [{"field": field, "stays": stays, "goes": goes} for field, stays, goes in found.conflicts],
        "fills": found.fills,
        "contacts": [{"kind": kind, "value": contact_shown(kind, value)} for kind, value in found.contacts],
        "tags": found.tags,
        "consent": found.consent,
    }


@customers.command("unmerge")
def unmerge(
    merge: Annotated[
        int,
        typer.Argument(
            metavar="MERGE", callback=countable, help="What `customer merge` printed, or the number of who was kept."
        ),
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Take apart what a merge joined, within 30 days of it, as they were.

    Of a customer's number, the newest merge into that record is meant. Recorded as an audit entry.
    """
    settings = settings_of(config)
    joined = asyncio.run(_joined(settings, merge))
    if not yes:
        ask(f"Take #{joined.kept} and #{joined.other} apart?")
    asyncio.run(_unmerge(settings, joined.id))
    if as_json:
        say_json({"merge": joined.id, "kept": joined.kept, "other": joined.other})
    else:
        say(f"#{joined.kept} and #{joined.other} are two people again, as they were.")


class _Joined(NamedTuple):
    """A merge and the numbers of the two."""

    id: int
    kept: int | None
    other: int | None


async def _joined(settings: "Settings", merge: int) -> _Joined:
    from crm_core import merging
    from crm_core.merging import MergeRefused
    from crm_core.models import Customer

    async with opened(settings) as records, records.read() as work:
        row = await merging.get(work, merge)
        if row is None:
            row = await merging.newest(work, (await known(work, merge)).id)
        if row is None:
            raise MergeRefused("merge_nothing_to_undo")
        kept = await work.session.get_one(Customer, row.kept_id)
        other = await work.session.get_one(Customer, row.merged_id)
        return _Joined(row.id, kept.number, other.number)


async def _unmerge(settings: "Settings", merge_id: int) -> None:
    from crm_core import unmerging
    from crm_core.models import Merge

    async with opened(settings) as records, records.write() as work:
        row = await work.session.get_one(Merge, merge_id)
        await unmerging.undo(work, row, None, settings.relationships.lifecycle)


# ---- attributes ----


@attribute.command("list")
def list_them(
    archived: Annotated[bool, typer.Option("--archived", help="Archived ones as well.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """List the attributes that you defined."""
    settings = settings_of(config)

    async def go() -> list[dict[str, Any]]:
        from crm_core import attributes

        async with opened(settings) as records, records.read() as work:
            return [
                {
                    "key": one.key,
                    "kind": one.kind,
                    "labels": one.labels,
                    "choices": one.choices,
                    "personal": one.personal,
                    "archived_at": one.archived_at,
                }
                for one in await attributes.listed(work, archived=archived)
            ]

    found = asyncio.run(go())
    if as_json:
        say_json({"attributes": found})
    elif found:
        rows = [
            [one["key"], one["kind"], ", ".join(one["labels"].values()), one["choices"] or None, _marks(one)]
            for one in found
        ]
        say_table(["key", "kind", "labels", "choices", "notes"], rows)
    else:
        say("There are no attributes. `frontdesk attribute define` adds one.")


def _marks(one: dict[str, Any]) -> str | None:
    marks = [word for word, there in (("personal", one["personal"]), ("archived", one["archived_at"])) if there]
    return ", ".join(marks) or None


@attribute.command("define")
def define(
    key: Annotated[str, typer.Argument(metavar="KEY", help="A lower-case word, as segments and files write it.")],
    kind: Annotated[str, typer.Argument(metavar="KIND", help="text, number, date, choice or yes_no.")],
    label: Annotated[
        list[str] | None, typer.Option("--label", metavar="LANGUAGE=LABEL", help="What people read; once a language.")
    ] = None,
    choice: Annotated[list[str] | None, typer.Option("--choice", help="One of the choices; again for each.")] = None,
    personal: Annotated[
        bool, typer.Option("--personal", help="Seal it: staff see it on demand, and no segment may ask for it.")
    ] = False,
    config: Config = None,
) -> None:
    """Define a field of your own, or change labels and choices of one.

    What kind it is and whether it is personal cannot change once customers have values in it.
    """
    settings = settings_of(config)
    labels = dict(_label(one, settings.shop.languages) for one in label or ())

    async def go() -> None:
        from crm_core import attributes

        async with opened(settings, make=True) as records, records.write() as work:
            await attributes.define(work, key, kind, labels=labels, choices=choice or (), personal=personal)

    asyncio.run(go())
    say(f"{key} is defined: {kind}{', personal' if personal else ''}.")


def _label(text: str, languages: tuple[str, ...]) -> tuple[str, str]:
    language, _, words = text.partition("=")
    if language not in languages or not words.strip():
        raise typer.BadParameter(f"write it as {languages[0]}=Shoe size.", param_hint="'--label'")
    return language, words.strip()


@attribute.command("archive")
def archive(
    key: Annotated[str, typer.Argument(metavar="KEY", help="Which one.")],
    config: Config = None,
) -> None:
    """Offer an attribute no longer; what customers have in it is kept, and defining it again brings it back."""
    settings = settings_of(config)

    async def go() -> None:
        from crm_core import attributes

        async with opened(settings) as records, records.write() as work:
            await attributes.archive(work, key)

    asyncio.run(go())
    say(f"{key} is archived.")
