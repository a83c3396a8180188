"""`audit …`: checking the audit log, a place of its chain to keep elsewhere, and reading it."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.options import AsJson, Config, Refused, local, opened, say, say_json, say_table, settings_of

if TYPE_CHECKING:
    from bot.config import Settings
    from crm_core.audit_chain import Anchor
    from crm_core.audit_check import Verdict
    from crm_core.models import AuditEntry
    from crm_core.work import Work

audit = typer.Typer(
    help="Check and read who did which privileged thing, and who looked at whose data.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)

_WRONG = {
    "edited": "the entry does not say any more what it said when it was linked",
    "deleted": "the entry or its link is gone, and its time was not over",
    "inserted": "the entry was not there yet when a later anchor was kept",
    "reordered": "the link does not follow the one before it",
    "truncated": "the chain ends before a kept anchor",
    "rewritten": "the chain says something else than a kept anchor",
}


def add_to(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    app.add_typer(audit, name="audit")


@audit.command("verify")
def verify(
    anchor: Annotated[
        Path | None,
        typer.Option("--anchor", metavar="FILE", help="A file of anchors (default: the one of [audit] anchor_file)."),
    ] = None,
    seq: Annotated[
        int | None, typer.Option("--seq", min=1, help="The number of an anchor that you kept yourself.")
    ] = None,
    hashed: Annotated[str, typer.Option("--hash", help="The hash of that anchor.")] = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Walk the chain of all audit entries, and name the first broken link.

    The exit code is 1 when the chain is broken. What was changed after the last anchor may stay unfound.
    """
    settings = settings_of(config)
    known = list(_anchors(settings, anchor))
    if seq or hashed:
        known.append(_given(seq, hashed))
    verdict = asyncio.run(_verify(settings, known))
    if as_json:
        say_json(_facts(verdict))
    else:
        _say_verdict(verdict)
    raise typer.Exit(1 if verdict.broken else 0)


def _anchors(settings: "Settings", file: Path | None) -> "Iterable[Anchor | None]":
    from crm_core.audit_chain import kept

    path = file or settings.anchor_file
    if file is None and not path.exists():
        return []
    try:
        found = list(kept(path))
    except OSError as error:
        raise Refused(f"{path} cannot be read ({error.strerror or error}).") from error
    if file is not None and not any(found):
        raise Refused(f"{path} holds no anchor: a line has a time, a number and a hash.")
    return found


def _given(seq: int | None, hashed: str) -> "Anchor":
    from crm_core.audit_chain import read_anchor

    try:
        return read_anchor(f"{datetime.fromtimestamp(0, UTC).isoformat()} {seq} {hashed.strip().lower()}")
    except ValueError as error:
        raise Refused("An anchor of your own needs both: --seq NUMBER and --hash with its 64 digits.") from error


async def _verify(settings: "Settings", anchors: "Iterable[Anchor | None]") -> "Verdict":
    from crm_core import audit_check

    async with opened(settings) as records, records.read() as work:
        return await audit_check.verify(work, anchors)


def _facts(verdict: "Verdict") -> dict[str, object]:
    broken = verdict.broken
    return {
        "whole": broken is None,
        "links": verdict.links,
        "entries": verdict.entries,
        "expired": verdict.expired,
        "waiting": verdict.waiting,
        "anchors": verdict.anchors,
        "unreadable_anchors": verdict.unreadable,
        "last_hash": verdict.last_hash,
        "broken": None
        if broken is None
        else {"what": str(broken.what), "seq": broken.seq, "entry": broken.entry_id, "says": _WRONG[broken.what]},
    }


def _say_verdict(verdict: "Verdict") -> None:
    if verdict.unreadable:
        say(f"{verdict.unreadable} lines of the anchor file are none and were passed over.")
    if verdict.broken is not None:
        which = f" (entry {verdict.broken.entry_id})" if verdict.broken.entry_id is not None else ""
        say(f"BROKEN at link {verdict.broken.seq}{which}: {_WRONG[verdict.broken.what]}.")
        say(f"The {verdict.links} links before it are whole. See docs/howto/audit.md for what to do.")
        return
    say(f"The chain is whole: {verdict.links} links up to {verdict.last_hash}.")
    say(
        f"  {verdict.entries} entries are as they were linked, {verdict.expired} were removed when their time was over."
    )
    if verdict.waiting:
        say(f"  {verdict.waiting} entries older than a minute have no link yet; `frontdesk run` gives them one.")
    if verdict.anchors:
        say(f"  It agrees with {verdict.anchors} kept anchors.")
    else:
        say("  No anchor was kept: a chain that was written anew as a whole would look the same.")


@audit.command("anchor")
def anchor(config: Config = None, as_json: AsJson = False) -> None:
    """Print the place that the chain is at, to be kept elsewhere.

    `audit verify --seq NUMBER --hash HASH` checks against it.
    """
    from crm_core import audit_chain

    async def go() -> "Anchor | None":
        async with opened(settings) as records:
            return await audit_chain.anchor(records)

    settings = settings_of(config)
    place = asyncio.run(go())
    if place is None:
        raise Refused("Nothing was entered into the audit log yet.")
    if as_json:
        say_json({"at": place.at, "seq": place.seq, "hash": place.hash})
    else:
        say(str(place))


@audit.command("list")
def listing(
    staff: Annotated[str, typer.Option("--staff", metavar="NAME", help="Only what this colleague did.")] = "",
    customer: Annotated[
        int | None, typer.Option("--customer", metavar="NUMBER", min=1, help="Only what is about this customer.")
    ] = None,
    since: Annotated[
        str, typer.Option("--since", metavar="DAYS|DATE", help="How many days back, or from which day on.")
    ] = "30",
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="How many entries at most.")] = 200,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """List audit entries, the newest first."""
    from crm_core import audit as verbs

    settings = settings_of(config)

    async def go() -> "tuple[list[AuditEntry], dict[int, str]]":
        from crm_core import threads

        async with opened(settings) as records, records.read() as work:
            who = await _colleague(work, staff) if staff else None
            about = await _subjects(work, customer) if customer else ()
            start = _since(since, work.now.astimezone(settings.zone))
            found = await verbs.listed(work, staff_id=who, subjects=about, since=start, most=limit)
            return found, await threads.staff_names(work, {one.staff_id for one in found if one.staff_id is not None})

    found, names = asyncio.run(go())
    if as_json:
        say_json([{"id": one.id, "at": one.at, "staff": one.staff_id, "act": one.act, "subject": one.subject,
                   "detail": one.detail} for one in found])  # fmt: skip
        return
    rows = [
        (local(one.at, settings), names.get(one.staff_id or 0, "-" if one.staff_id is None else str(one.staff_id)),
         one.act, one.subject, " ".join(f"{name}={value}" for name, value in one.detail.items()))
        for one in found
    ]  # fmt: skip
    say_table(("at", "who", "act", "subject", "detail"), rows)


def _since(word: str, now: datetime) -> datetime:
    if word.isascii() and word.isdigit() and len(word) < 6:
        return now - timedelta(days=int(word))
    try:
        when = datetime.fromisoformat(word)
    except ValueError as error:
        raise typer.BadParameter(f"{word!r} is neither a number of days nor a day.", param_hint="'--since'") from error
    return when if when.tzinfo else when.replace(tzinfo=now.tzinfo)


async def _colleague(work: "Work", name: str) -> int:
    from crm_core import audit as verbs

    found = await verbs.called(work, " ".join(name.split()))
    if len(found) != 1:
        raise Refused(f"{len(found) or 'No'} colleagues are or were called {name!r}; one is needed.")
    return found[0].id


async def _subjects(work: "Work", number: int) -> list[str]:
    """As what a customer, whoever was merged into them, and their tickets stand in the audit log."""
    from crm_core import audit as verbs
    from crm_core import merging, record

    found = await record.by_number(work, number)
    if found is None:
        raise Refused(f"There is no customer #{number}.")
    return await verbs.subjects_of(work, await merging.parts_of(work, found.id))
