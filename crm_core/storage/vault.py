"""Keys and sealing: AES-256-GCM with the row's place as associated data, a key per customer under one master key."""

import hashlib
import hmac
import os
import secrets
import stat
from collections import OrderedDict
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12
_KEY_BYTES = 32
_VERSION = b"\x01"
_CACHED_KEYS = 10_000


class VaultError(Exception):
    """The vault cannot be opened or a sealed value does not open; `key` names the sentence in the texts."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(f"{key} {values}")
        self.key = key
        self.values = values


class Vault:
    """Seals and opens text. `house` is the key of what belongs to no customer (raw updates, staff's own words)."""

    def __init__(self, master: bytes) -> None:
        if len(master) != _KEY_BYTES:
            raise VaultError("vault_key_length", expected=_KEY_BYTES, found=len(master))
        self._master = AESGCM(_derive(master, b"wrap"))
        self._house = AESGCM(_derive(master, b"house"))
        self._index = hmac.new(_derive(master, b"index"), digestmod="sha256")  # copied for each value
        self.fingerprint = _derive(master, b"fingerprint")[:8].hex()
        self._keys: OrderedDict[bytes, AESGCM] = OrderedDict()

    @classmethod
    def from_file(cls, path: Path) -> "Vault":
        """Read the master key (64 hex digits); raises VaultError when missing, malformed or readable by others."""
        try:
            text = path.read_text(encoding="ascii").strip()
            mode = stat.S_IMODE(path.stat().st_mode)
        except FileNotFoundError as error:
            raise VaultError("vault_key_missing", path=str(path)) from error
        except (OSError, UnicodeDecodeError) as error:
            raise VaultError("vault_key_unreadable", path=str(path), why=str(error)) from error
        if mode & 0o077:
            raise VaultError("vault_key_loose", path=str(path), mode=oct(mode))
        try:
            master = bytes.fromhex(text)
        except ValueError as error:
            raise VaultError("vault_key_malformed", path=str(path)) from error
        if len(master) != _KEY_BYTES:
            raise VaultError("vault_key_malformed", path=str(path))
        return cls(master)

    @classmethod
    def create_file(cls, path: Path) -> "Vault":
        """Draw a new master key into `path` with mode 0600; never replaces an existing file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        # Written aside and then named: a process killed in between leaves no half of a key under the name.
        aside = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(secrets.token_hex(_KEY_BYTES) + "\n")
                file.flush()
                os.fsync(file.fileno())
            os.link(aside, path)
        finally:
            aside.unlink()
        return cls.from_file(path)

    def new_customer_key(self, customer_id: int) -> bytes:
        """A fresh key for one customer, wrapped by the master key and bound to the customer's id."""
        return _seal(self._master, secrets.token_bytes(_KEY_BYTES), f"customer.key:{customer_id}")

    def seal(self, text: str, place: str, key: bytes | None, owner: int = 0) -> bytes:
        """Seal `text` for `place` ("interaction.body:<id>") under a customer's wrapped `key`; None is the house key.

        `owner` is the id of the customer whose key it is.
        """
        return _seal(self._cipher(key, owner), text.encode("utf-8"), place)

    def open(self, sealed: bytes, place: str, key: bytes | None, owner: int = 0) -> str:
        """The text that was sealed for exactly this place under this key; raises VaultError for anything else."""
        return _open(self._cipher(key, owner), sealed, place).decode("utf-8")

    def seal_bytes(self, data: bytes, place: str, key: bytes | None, owner: int = 0) -> bytes:
        """As `seal`, for the bytes of a file."""
        return _seal(self._cipher(key, owner), data, place)

    def open_bytes(self, sealed: bytes, place: str, key: bytes | None, owner: int = 0) -> bytes:
        """As `open`, for the bytes of a file."""
        return _open(self._cipher(key, owner), sealed, place)

    def blind(self, value: str, purpose: str) -> str:
        """A keyed hash by which an exact value is found again without storing it in clear."""
        return self._hashed(f"{purpose}:{value}".encode()).hex()[:32]

    def token(self, word: str) -> int:
        """A keyed hash of one word of a name as a positive 63-bit number: small, and quick to look up by."""
        return int.from_bytes(self._hashed(b"name:" + word.encode())[:8], "big") >> 1

    def _hashed(self, value: bytes) -> bytes:
        hashed = self._index.copy()
        hashed.update(value)
        return hashed.digest()

    def _cipher(self, key: bytes | None, owner: int) -> AESGCM:
        if key is None:
            return self._house
        cipher = self._keys.get(key)
        if cipher is None:
            cipher = AESGCM(_open(self._master, key, f"customer.key:{owner}"))
            self._keys[key] = cipher
            if len(self._keys) > _CACHED_KEYS:
                self._keys.popitem(last=False)
        return cipher


def _derive(master: bytes, purpose: bytes) -> bytes:
    return hmac.new(master, b"frontdesk/" + purpose, hashlib.sha256).digest()


def _seal(cipher: AESGCM, data: bytes, place: str) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return _VERSION + nonce + cipher.encrypt(nonce, data, place.encode("ascii"))


def _open(cipher: AESGCM, sealed: bytes, place: str) -> bytes:
    if sealed[:1] != _VERSION:
        raise VaultError("vault_not_sealed", place=place)
    nonce = sealed[1 : 1 + _NONCE_BYTES]
    try:
        return cipher.decrypt(nonce, sealed[1 + _NONCE_BYTES :], place.encode("ascii"))
    except (InvalidTag, ValueError) as error:
        raise VaultError("vault_does_not_open", place=place) from error
