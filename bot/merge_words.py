"""What a merge would do, in words that staff read before they agree to it, in the chat and on the command line."""

from collections.abc import Callable

from bot.rendering import visitor_code
from crm_core.merging import Preview
from crm_core.models import ContactKind, Customer
from crm_core.rules.record import masked

Say = Callable[..., str]


def preview_words(say: Say, found: Preview, because: str = "") -> list[str]:
    """The question, then why it is asked where there is a reason, then a line for each thing that would happen."""
    lines = [
        say(
            "merge-title",
            kept=str(found.kept.number or "?"),
            kept_name=_called(say, found.kept, found.kept_name),
            other=str(found.other.number or "?"),
            other_name=_called(say, found.other, found.other_name),
        ),
        *([because] if because else []),
        say("merge-moves", addresses=len(found.identities), tickets=found.tickets, orders=found.orders),
        *(
            say("merge-conflict", field=_field(say, field), stays=stays, goes=goes)
            for field, stays, goes in found.conflicts
        ),
    ]
    if found.fills:
        lines.append(say("merge-fills", fields=", ".join(_field(say, field) for field in found.fills)))
    if found.contacts:
        lines.append(say("merge-contacts", contacts=", ".join(contact_shown(*one) for one in found.contacts)))
    if found.tags:
        lines.append(say("merge-tags", tags=", ".join(found.tags)))
    if found.consent != found.consent_before:
        lines.append(say("merge-consent-yes" if found.consent else "merge-consent-no"))
    return lines


def contact_shown(kind: str, value: str) -> str:
    """A contact as far as it is needed to tell two people apart: names whole, the others masked."""
    return value if kind == ContactKind.NAME else masked(kind, value)


def _called(say: Say, customer: Customer, name: str) -> str:
    return name or say("visitor", code=visitor_code(customer.id))


def _field(say: Say, field: str) -> str:
    return say(f"merge-field-{field.replace('_', '-')}")
