"""The key file: whether it is there, fit to be used, and the one that sealed this database."""

import stat

from bot.config import Settings
from bot.doctor.finding import Finding, good, note, wrong
from crm_core.keys import Locks
from crm_core.storage.keyring import Keyring, VaultError


def examine_key(settings: Settings, locks: Locks | None) -> Finding:
    """The key file beside what the database wants of it; without `locks` nothing is known of that."""
    path = settings.key_file
    sealed = locks is not None and locks.fingerprint is not None
    if not path.exists():
        if not sealed:
            return note("key", f"{path} is not there yet.", "The first start makes it; keep a copy elsewhere then.")
        return wrong(
            "key",
            f"{path} is missing, and the records are sealed with it.",
            "Put it back from a backup, or from its recovery sheet: `frontdesk keys recover`.",
        )
    try:
        ring = Keyring.read(path)
        if locks is not None:
            locks.check(ring)
    except VaultError as error:
        says, mend = _PROBLEMS[error.key]
        return wrong("key", says.format(path=path), mend.format(path=path))
    if len(ring.masters) > 1:
        return note(
            "key",
            f"{path} holds two keys: the master key is being changed.",
            "`frontdesk keys rotate --yes` brings that to its end, and so does `frontdesk run`.",
        )
    mode = stat.filemode(path.stat().st_mode)
    return good("key", f"{path} ({mode})" + (" fits the database." if sealed else "."))


_BACK = "Put the right file back from a backup, or from its recovery sheet: `frontdesk keys recover`."
_PROBLEMS = {
    "vault_key_loose": ("{path} may be read by others.", "chmod 600 {path}"),
    "vault_key_unreadable": ("{path} cannot be read.", "Let the user who runs Frontdesk own and read it."),
    "vault_key_malformed": ("{path} does not hold 64 hexadecimal digits, once or twice.", _BACK),
    "vault_key_wrong": (
        "{path} holds another key than the one that sealed this database.",
        "Set [vault] key_file to the right one.",
    ),
    "vault_key_second": (
        "The second line of {path} is a key that this database does not use.",
        "Take that line away, or put the right one there.",
    ),
    "vault_key_left_out": (
        "The master key is being changed, and {path} lacks the one before.",
        "Put it back as the second line, then run `frontdesk keys rotate --yes`.",
    ),
}
