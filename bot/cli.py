"""The command line: every command of Frontdesk, and the one way out for what goes wrong."""

import typer

from bot.commands import (
    audit,
    backup,
    campaign,
    customers,
    keys,
    knowledge,
    operate,
    orders,
    records,
    reports,
    rights,
    secret,
    segments,
    sending,
    staff,
    threshold,
)
from bot.commands.border import Border

app = typer.Typer(
    name="frontdesk",
    cls=Border,
    help="Frontdesk: a self-hosted customer service bot with a CRM behind it.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain help, quick and the same everywhere
    pretty_exceptions_enable=False,
)
for _part in (
    *(operate, staff, keys, secret, backup, sending, audit, knowledge, threshold),
    *(records, customers, rights, orders, segments, campaign, reports),
):
    _part.add_to(app)


def main() -> None:
    """Run the command that was asked for."""
    app(prog_name="frontdesk")
