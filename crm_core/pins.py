"""PINs: a colleague's word that it is really they who act. Hashing takes long and is done with no transaction open."""

import os
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from crm_core import audit
from crm_core.models import Staff
from crm_core.work import Work

TRIES = 5  # that fail, after which …
LOCKED = timedelta(minutes=15)  # … no PIN is looked at for so long
SHORTEST, LONGEST = 6, 64  # characters
_PASSES, _LANES, _HASH, _SALT = 3, 4, 32, 16


def is_pin(words: str) -> bool:
    """Whether these words may be a PIN: 6 to 64 characters, of which at least three differ."""
    return SHORTEST <= len(words) <= LONGEST and len(set(words)) >= 3


def hash_pin(pin: str, memory_kib: int) -> str:
    """What is stored of a PIN (argon2id); takes about 0.1 s with 64 MiB."""
    argon = Argon2id(salt=os.urandom(_SALT), length=_HASH, iterations=_PASSES, lanes=_LANES, memory_cost=memory_kib)
    return argon.derive_phc_encoded(pin.encode())


def is_right(pin: str, stored: str) -> bool:
    """Whether this is the PIN that was stored; takes as long as storing it did."""
    try:
        Argon2id.verify_phc_encoded(pin.encode(), stored)
    except InvalidKey:
        return False
    return True


def set_pin(work: Work, colleague: Staff, stored: str) -> None:
    """Take a new PIN, hashed by `hash_pin`."""
    colleague.pin_hash = stored
    colleague.pin_failures = 0
    audit.enter(work, colleague.id, "pin.set", f"staff:{colleague.id}")


def locked_until(work: Work, colleague: Staff) -> datetime | None:
    """Until when no PIN of theirs is looked at; None when one is."""
    until = colleague.pin_locked_until
    return until if until is not None and until > work.now else None


def tried(work: Work, colleague: Staff, *, right: bool) -> bool:
    """Count one try; whether it holds. While locked not even the right one does, and the fifth wrong one locks."""
    if locked_until(work, colleague) is not None:
        return False
    if right:
        colleague.pin_failures = 0
        return True
    colleague.pin_failures += 1
    audit.enter(work, colleague.id, "pin.wrong", f"staff:{colleague.id}", failures=colleague.pin_failures)
    if colleague.pin_failures >= TRIES:
        colleague.pin_failures = 0
        colleague.pin_locked_until = work.now + LOCKED
        audit.enter(work, colleague.id, "pin.locked", f"staff:{colleague.id}")
    return False
