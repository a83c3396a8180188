"""The audit chain's arithmetic: what is hashed of an entry and of a link, byte for byte."""

import hashlib

GENESIS = "0" * 64  # what the first link follows


def hash_of_entry(entry_id: int, staff_id: int | None, act: str, subject: str, detail: str, at: int) -> str:
    """SHA-256 of an entry in hexadecimal digits; `detail` is the JSON as stored, `at` in microseconds since 1970."""
    return _digest("frontdesk audit entry 1", entry_id, staff_id, act, subject, detail, at)


def hash_of_link(before: str, seq: int, entry_id: int, entry_hash: str, at: int) -> str:
    """SHA-256 of a link: the hash of the one before it, its number, its entry and that one's hash, and its time."""
    return _digest("frontdesk audit link 1", before, seq, entry_id, entry_hash, at)


def _digest(*parts: str | int | None) -> str:
    """Each part as its length in bytes, a colon and its UTF-8 bytes; None as a dash: no two lists read the same."""
    hashed = hashlib.sha256()
    for part in parts:
        if part is None:
            hashed.update(b"-")
            continue
        said = str(part).encode()
        hashed.update(b"%d:%b" % (len(said), said))
    return hashed.hexdigest()
