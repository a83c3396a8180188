"""The key file: whether it is there, fit to be used, and the one that sealed this database."""

import stat

from bot.config import Settings
from bot.doctor.finding import Finding, good, note, wrong
from crm_core.storage.vault import Vault, VaultError


def examine_key(settings: Settings, fingerprint: str | None) -> Finding:
    path = settings.key_file
    if not path.exists():
        if fingerprint is None:
            return note("key", f"{path} is not there yet.", "The first start makes it; keep a copy elsewhere then.")
        return wrong("key", f"{path} is missing, and the records are sealed with it.", "Put it back from a backup.")
    try:
        vault = Vault.from_file(path)
    except VaultError as error:
        mend = {
            "vault_key_loose": f"chmod 600 {path}",
            "vault_key_unreadable": "Let the user who runs Frontdesk own and read it.",
        }.get(error.key, "Put the right file back from a backup.")
        return wrong("key", _KEY_PROBLEMS.get(error.key, error.key).format(path=path), mend)
    if fingerprint is not None and vault.fingerprint != fingerprint:
        return wrong(
            "key",
            f"{path} holds another key than the one that sealed this database.",
            "Set [vault] key_file to the right one.",
        )
    mode = stat.filemode(path.stat().st_mode)
    return good("key", f"{path} ({mode})" + (" fits the database." if fingerprint else "."))


_KEY_PROBLEMS = {
    "vault_key_loose": "{path} may be read by others.",
    "vault_key_unreadable": "{path} cannot be read.",
    "vault_key_malformed": "{path} does not hold 64 hexadecimal digits.",
}
