"""The settings with the secrets that are kept sealed in the database, for whatever the configuration does not name."""

from dataclasses import replace

from pydantic import SecretStr

from bot.config import Settings
from crm_core import secrets
from crm_core.work import Records


async def with_secrets(settings: Settings, records: Records) -> Settings:
    """The same settings, able to read the secrets kept; raises VaultError for one that was changed outside."""
    async with records.read() as work:
        kept = {name: SecretStr(value) for name, value in (await secrets.read_all(work)).items()}
    return replace(settings, kept=kept)
