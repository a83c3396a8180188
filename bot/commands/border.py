"""Where an error of the command line becomes plain sentences on standard error and the exit code 1."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import typer
from typer.core import TyperGroup

SENTENCES = {
    "database_needs_file": "The database needs a file: set [database] url to sqlite+aiosqlite:///var/frontdesk.db.",
    "database_needs_key": "The database holds sealed fields that have to be sealed anew, and there is no key for that.",
    "database_folder": "The database's folder {path} cannot be used: {why}.",
    "database_unreachable": "The database cannot be reached: {why}.",
    "database_read_only": "The database {path} may not be written by this user.",
    "database_newer": (
        "The database is at revision {revision}, which this Frontdesk does not know (its newest is {head}): "
        "it was used by a newer Frontdesk. Run that one, or restore an older backup."
    ),
    "database_foreign_keys": (
        "After the migration {rows} rows point at rows that are not there: keep to the version before, with the backup "
        "from before the migration."
    ),
    "database_half_migrated": (
        "A migration of this database was cut off midway, and this kind of database cannot take half of it back: "
        "restore the backup from before it, or give Frontdesk an empty database, and start again."
    ),
    "database_migrating": "Another process has been migrating this database for a minute: wait for it and start again.",
    "database_half_a_copy": (
        "A copy into this database was interrupted: run the same `frontdesk copy-database` again, or use the old one."
    ),
    "database_moved": (
        "This shop moved to {where} and is closed here: set [database] url to that one. "
        "Two databases of one shop would both send."
    ),
    "copy_same": "Both are {url}; there is nothing to copy.",
    "copy_of_nothing": "{url} holds no shop; nothing was copied.",
    "copy_revision": "The database is at revision {found}; run `frontdesk migrate` first ({head} is needed).",
    "copy_in_use": "Frontdesk runs on this database ({holder}); stop it first, and wait a minute after a crash.",
    "copy_taken": "{url} holds rows already; a copy needs an empty database.",
    "copy_of_another": "{url} holds half a copy of another shop; a copy needs an empty database.",
    "copy_differs": "The copy is not equal in {tables}. The old database is as it was; empty the new one, try again.",
    "backup_of_nothing": "There is no shop in this database yet; nothing was backed up.",
    "backup_revision": "The database is at revision {found}; run `frontdesk migrate` first ({head} is needed).",
    "backup_exists": "{path} exists already; nothing was written.",
    "backup_none": "{path} is no backup: there is no manifest.json in it.",
    "backup_partial": "{path} is a backup that was interrupted; take a whole one.",
    "backup_newer": "{path} was made by a newer Frontdesk (form {form}); restore it with that one.",
    "backup_manifest": "{path} cannot be read: {why}.",
    "backup_part_missing": "The backup is not whole: {path} is missing. Nothing was restored.",
    "backup_part_size": "The backup is cut off: {path} has {found} bytes of {expected}. Nothing was restored.",
    "backup_part_changed": "The backup was changed after it was made: {path}. Nothing was restored.",
    "backup_key": (
        "The backup was sealed with another key ({expected}) than the one in {path} ({found}). "
        "Put the key file that was kept with it there. Nothing was restored."
    ),
    "backup_does_not_open": "Values in the backup do not open with this key: {places}. Nothing was restored.",
    "restore_place_taken": "{place} holds records already; a backup is restored into an empty place.",
    "restore_files_taken": "{path} holds files already; a backup is restored into an empty place.",
    "restore_differs": "What was restored is not equal to the backup in {tables}; empty the database and try again.",
    "tombstones_unreadable": "The file of erased people, {path}, cannot be read: {why}.",
    "tombstones_changed": (
        "The file of erased people, {path}, was changed in line {line}. Put it back from a backup: without it an older "
        "backup of the database would bring back people who were erased."
    ),
    "vault_key_length": "The master key should have {expected} bytes and has {found}.",
    "vault_key_missing": (
        "The key file {path} is missing, and the records are sealed with its key. Put the file back from a backup, "
        "or set [vault] key_file to where it is."
    ),
    "vault_key_unreadable": "The key file {path} cannot be read: {why}.",
    "vault_key_unwritable": "A key file cannot be made at {path}: {why}.",
    "vault_key_loose": "The key file {path} may be read by others (mode {mode}): run chmod 600 on it.",
    "vault_key_malformed": (
        "The key file {path} should hold one line of 64 hexadecimal digits, or two different ones while the key is "
        "being changed."
    ),
    "vault_key_second": (
        "The second line of the key file holds a key ({found}) that this database does not use. Take that line away, "
        "or put the right one there."
    ),
    "vault_key_left_out": (
        "The master key is being changed, and some keys are still under the one before ({expected}): put it back as "
        "the second line of the key file."
    ),
    "vault_data_keys": (
        "The keys of the house are not on record as they should be (found: {found}). Restore the newest backup."
    ),
    "vault_key_wrong": (
        "The key file holds another key ({found}) than the one that sealed this database ({expected}). "
        "Set [vault] key_file to the right one."
    ),
    "vault_not_sealed": "A value on record is not sealed as it should be ({place}).",
    "vault_does_not_open": "A value on record does not open with this key ({place}): it was moved or changed.",
}

_SOURCE_NOTE = re.compile(r"\s*\(Background on this error at: .*\)")


class Border(TyperGroup):
    """The group of all commands. An error that is nobody's mistake but ours keeps its traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; what it could not do is said in words."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise  # the reader went away, `head` for example; typer leaves quietly
        except Exception as error:
            sentences = sentences_of(error)
            if sentences is None:
                raise
            for sentence in sentences:
                typer.echo(sentence, err=True)
            raise typer.Exit(1) from None


def sentences_of(error: Exception) -> Sequence[str] | None:
    """What to say of an error; None for one that should not have happened."""
    for kind in type(error).__mro__:
        if translate := _TRANSLATIONS.get(f"{kind.__module__}.{kind.__qualname__}"):
            return translate(error)
    return None


def _keyed(error: Any) -> list[str]:
    values = {name: str(value).rstrip(". ") for name, value in error.values.items()}
    if "why" in values:
        values["why"] = _first_line(values["why"])
    return [SENTENCES[error.key].format(**values)]


def _refused(error: Any) -> list[str]:
    """A refusal that the bot would have said in the chat, in the same words."""
    from bot.texts import Texts

    texts = Texts(("en",))
    # Lengths are written as numbers are, 4,000; a campaign's number is a name.
    values = {name: value if name in {"length", "most"} else str(value) for name, value in error.values.items()}
    if "state" in values:
        values["state"] = texts.say("en", f"campaign-{values['state']}")
    return [texts.say("en", error.key.replace("_", "-"), **values)]


def _of_a_segment(error: Any) -> list[str]:
    """What is wrong with a question about customers, and where."""
    from bot.segment_words import problem
    from bot.texts import Texts

    return [problem(lambda key, **values: Texts(("en",)).say("en", key, **values), error)]


def _of_the_system(error: Any) -> list[str]:
    what = error.strerror or str(error) or type(error).__name__
    return [f"{error.filename}: {what}." if error.filename else f"{what}."]


def _of_the_database(error: Any) -> list[str]:
    return [f"The database refused: {_first_line(str(error.orig))}."]


def _first_line(text: str) -> str:
    return (_SOURCE_NOTE.sub("", text).strip().splitlines() or [""])[0].rstrip(". ")


# By name, so that nothing is imported for errors that never come.
_TRANSLATIONS: dict[str, Callable[[Any], Sequence[str]]] = {
    "bot.commands.options.Refused": lambda error: [str(sentence) for sentence in error.args],
    "bot.importing.refused.ImportRefused": lambda error: error.problems,
    "bot.config.ConfigError": lambda error: error.problems,
    "knowledge_base.importers.errors.ArticleError": lambda error: error.sentences,
    "crm_core.storage.database.DatabaseError": _keyed,
    "bot.backups.BackupRefused": _keyed,
    "crm_core.storage.keyring.VaultError": _keyed,
    "crm_core.tombstones.TombstonesBroken": _keyed,
    "crm_core.campaigns.CampaignRefused": _refused,
    "crm_core.tickets.TicketRefused": _refused,
    "crm_core.merging.MergeRefused": _refused,
    "crm_core.saved_segments.SegmentRefused": _refused,
    "crm_core.rules.record.RecordRefused": _refused,
    "crm_core.rules.orders.OrderRefused": _refused,
    "crm_core.segments.errors.SegmentError": _of_a_segment,
    "bot.web.server.PortInUse": lambda error: [
        f"Cannot listen on {error.host}:{error.port}: {error.reason.rstrip('.')}. Set [web] port to another one."
    ],
    "sqlalchemy.exc.DBAPIError": _of_the_database,
    "builtins.OSError": _of_the_system,
}
