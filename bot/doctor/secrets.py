"""The secrets: those kept in the database, whether one lies in clear in the configuration, and the key on paper."""

from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from bot.config import SECRETS, ConfigError, Settings, load_settings
from bot.doctor.database import missing_file
from bot.doctor.finding import Finding, good, note, wrong
from bot.kept_secrets import with_secrets
from bot.opening import PULLED, utc_now
from bot.recovery import was_printed
from crm_core import keys
from crm_core.storage.database import Database, DatabaseError
from crm_core.storage.keyring import VaultError
from crm_core.storage.migrations import HEAD, revision
from crm_core.storage.vault import Vault
from crm_core.work import Records


def examine_configured_secrets(config: Path) -> Finding:
    """Whether a secret lies in clear in the configuration file itself."""
    try:
        written = load_settings(config, {}) if config.exists() else Settings()
    except ConfigError:  # it is right only together with the environment
        return note("secrets", f"{config} alone is not whole, so it cannot be told whether secrets lie in it.")
    clear = [name for name in ("telegram.token", "telegram.webhook_secret") if _in_clear(written, name)]
    if clear:
        return note(
            "secrets",
            f"{config} holds {' and '.join(clear)} in clear.",
            "Give it to `frontdesk secret set NAME`, which keeps it sealed, and take it out of the file.",
        )
    return good("secrets", "No secret lies in clear in the configuration.")


def _in_clear(settings: Settings, name: str) -> bool:
    section, _, key = name.partition(".")
    return bool(getattr(getattr(settings, section), key).get_secret_value())


async def examine_kept_secrets(settings: Settings) -> tuple[Settings, list[Finding]]:
    """The settings with the secrets kept, and what was found; nothing where the records cannot be opened.

    Why they cannot be opened is for the checks of the key and of the database to say.
    """
    if missing_file(settings):
        return settings, []
    database = Database(settings.database_url.render_as_string(hide_password=False))
    try:
        async with database.read() as session:
            if await (await session.connection()).run_sync(revision) != HEAD:
                return settings, []
            vault = Vault.from_file(settings.key_file)
            if not await keys.take(session, vault):
                return settings, []
        return await _kept(settings, Records(database, vault, utc_now, PULLED))
    except (VaultError, DatabaseError, SQLAlchemyError, OSError):
        return settings, []
    finally:
        await database.close()


async def _kept(settings: Settings, records: Records) -> tuple[Settings, list[Finding]]:
    async with records.read() as work:
        printed = await was_printed(work)
    sheet = (
        good("recovery sheet", "The sheet of today's key was printed.")
        if printed
        else note("recovery sheet", "The key was never printed on paper.", "Print it: frontdesk keys sheet")
    )
    try:
        settings = await with_secrets(settings, records)
    except VaultError:
        mend = "Give it again: frontdesk secret set NAME (`frontdesk secret list` names them)."
        return settings, [sheet, wrong("kept secrets", "One was changed outside and does not open.", mend)]
    useless = sorted(settings.kept.keys() - set(SECRETS))
    if useless:
        return settings, [sheet, note("kept secrets", f"Nothing reads {', '.join(useless)}.")]
    return settings, [sheet, good("kept secrets", ", ".join(sorted(settings.kept)) or "None are kept.")]
