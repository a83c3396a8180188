"""Sealing: AES-256-GCM with the row's place as associated data, a key per customer under one master key."""

import hmac
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from crm_core.storage import watching
from crm_core.storage.keyring import KEY_BYTES, Keyring, Master, VaultError, seal, unseal

__all__ = ["DataKeys", "Vault", "VaultError"]

_CACHED_KEYS = 10_000


@dataclass(frozen=True, slots=True, repr=False)  # no message may show them
class DataKeys:
    """The keys of the house, which outlive a master key: `house` seals what is nobody's, `index` hashes."""

    house: bytes
    index: bytes

    @classmethod
    def drawn(cls) -> "DataKeys":
        """New ones."""
        return cls(secrets.token_bytes(KEY_BYTES), secrets.token_bytes(KEY_BYTES))

    @classmethod
    def derived(cls, master: Master) -> "DataKeys":
        """Those of a database from before there were rows for them."""
        return cls(master.derive(b"house"), master.derive(b"index"))


class Vault:
    """Seals and opens text. `house` is the key of what belongs to no customer (raw updates, staff's own words)."""

    def __init__(self, keys: bytes | Keyring, path: Path | None = None, active: Master | None = None) -> None:
        """`active` wraps new keys (default: the newest).

        With the `path` of the key file it is read again when somebody changes the master key meanwhile.
        """
        self._ring = keys if isinstance(keys, Keyring) else Keyring(Master(keys))
        self._path = path
        self._seen = self._mark()
        self._active = active or self._ring.newest
        self._keys: OrderedDict[tuple[bytes, int], AESGCM] = OrderedDict()
        self.take(DataKeys.derived(self._active))

    @classmethod
    def from_file(cls, path: Path) -> "Vault":
        """The vault of a key file; raises VaultError when it is missing, malformed or readable by others."""
        return cls(Keyring.read(path), path)

    @classmethod
    def create_file(cls, path: Path) -> "Vault":
        """Draw a new master key into `path` with mode 0600; never replaces an existing file."""
        return cls(Keyring.create(path), path)

    @property
    def keyring(self) -> Keyring:
        """The master keys at hand."""
        return self._ring

    @property
    def fingerprint(self) -> str:
        """Of the master key that wraps new keys."""
        return self._active.fingerprint

    def take(self, keys: DataKeys) -> None:
        """Seal and hash with these from now on."""
        self._house = AESGCM(keys.house)
        self._index = hmac.new(keys.index, digestmod="sha256")  # copied for each value
        self.token = lru_cache(maxsize=20_000)(self._token)  # the words of names are often the same

    def use(self, fingerprint: str) -> None:
        """Wrap with the master key of this fingerprint from now on; raises VaultError when the key file lacks it."""
        if fingerprint == self._active.fingerprint:
            return
        if self._ring.find(fingerprint) is None:
            self._read_again()
        found = self._ring.find(fingerprint)
        if found is None:
            raise VaultError("vault_key_wrong", expected=fingerprint, found=self._ring.newest.fingerprint)
        self._active = found

    def new_customer_key(self, customer_id: int) -> bytes:
        """A fresh key for one customer, wrapped by the master key and bound to the customer's id."""
        drawn = secrets.token_bytes(KEY_BYTES)
        key = self._active.wrap(drawn, f"customer.key:{customer_id}")
        self._keep(key, customer_id, AESGCM(drawn))
        return key

    def wrap(self, key: bytes, place: str) -> bytes:
        """Any key wrapped by the master key for its place ("data_key.wrapped:house")."""
        return self._active.wrap(key, place)

    def unwrap(self, wrapped: bytes, place: str) -> bytes:
        """The key that was wrapped for this place by any master key at hand; raises VaultError for anything else.

        One that opens with none of them makes the key file be read again: the master key may have been changed.
        """
        try:
            return _unwrap(self._ring, wrapped, place)
        except VaultError:
            if not self._read_again():
                raise
            return _unwrap(self._ring, wrapped, place)

    def wrap_anew(self, wrapped: bytes, place: str) -> bytes | None:
        """The same key under the master key that wraps now; None where it is already."""
        try:
            self._active.unwrap(wrapped, place)
        except VaultError:
            return self._active.wrap(self.unwrap(wrapped, place), place)
        return None

    def seal(self, text: str, place: str, key: bytes | None, owner: int = 0) -> bytes:
        """Seal `text` for `place` ("interaction.body:<id>") under a customer's wrapped `key`; None is the house key.

        `owner` is the id of the customer whose key it is.
        """
        return seal(self._cipher(key, owner), text.encode("utf-8"), place)

    def open(self, sealed: bytes, place: str, key: bytes | None, owner: int = 0) -> str:
        """The text that was sealed for exactly this place under this key; raises VaultError for anything else."""
        words = unseal(self._cipher(key, owner), sealed, place).decode("utf-8")
        if key is not None:
            watching.note(owner)
        return words

    def seal_bytes(self, data: bytes, place: str, key: bytes | None, owner: int = 0) -> bytes:
        """As `seal`, for the bytes of a file."""
        return seal(self._cipher(key, owner), data, place)

    def open_bytes(self, sealed: bytes, place: str, key: bytes | None, owner: int = 0) -> bytes:
        """As `open`, for the bytes of a file."""
        return unseal(self._cipher(key, owner), sealed, place)

    def forget(self, key: bytes, owner: int) -> None:
        """Keep a customer's key at hand no longer: it is destroyed."""
        self._keys.pop((key, owner), None)

    def blind(self, value: str, purpose: str) -> str:
        """A keyed hash by which an exact value is found again without storing it in clear."""
        return self._hashed(f"{purpose}:{value}".encode()).hex()[:32]

    def _token(self, word: str) -> int:
        """A keyed hash of one word of a name as a positive 63-bit number: small, and quick to look up by."""
        return int.from_bytes(self._hashed(b"name:" + word.encode())[:8], "big") >> 1

    def _hashed(self, value: bytes) -> bytes:
        hashed = self._index.copy()
        hashed.update(value)
        return hashed.digest()

    def _cipher(self, key: bytes | None, owner: int) -> AESGCM:
        if key is None:
            return self._house
        cipher = self._keys.get((key, owner))  # of the owner too: a row that was tampered with may hold another's key
        if cipher is None:
            cipher = AESGCM(self.unwrap(key, f"customer.key:{owner}"))
            self._keep(key, owner, cipher)
        return cipher

    def _keep(self, key: bytes, owner: int, cipher: AESGCM) -> None:
        self._keys[key, owner] = cipher
        if len(self._keys) > _CACHED_KEYS:
            self._keys.popitem(last=False)

    def _read_again(self) -> bool:
        """Read the key file if it was changed; whether other keys came of it."""
        if self._path is None or (mark := self._mark()) == self._seen:
            return False
        try:
            ring = Keyring.read(self._path)
        except VaultError:
            return False  # those in memory are good for what they opened so far
        self._seen = mark
        self._ring = Keyring(*ring.masters, *(one for one in self._ring.masters if not ring.find(one.fingerprint)))
        return True

    def _mark(self) -> tuple[int, int, int] | None:
        """What changes with the key file."""
        try:
            found = self._path.stat() if self._path else None
        except OSError:
            return None
        return (found.st_ino, found.st_mtime_ns, found.st_ctime_ns) if found else None


def _unwrap(ring: Keyring, wrapped: bytes, place: str) -> bytes:
    for master in ring.masters[:-1]:
        try:
            return master.unwrap(wrapped, place)
        except VaultError:
            continue
    return ring.masters[-1].unwrap(wrapped, place)
