"""The key file: the master key in one line of hexadecimal digits, two lines while it is being changed, newest first."""

import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
_NONCE_BYTES = 12
_VERSION = b"\x01"
_LONGEST_FILE = 1_000  # bytes: two lines, with room for blanks


class VaultError(Exception):
    """The vault cannot be opened or a sealed value does not open; `key` names the sentence in the texts."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(f"{key} {values}")
        self.key = key
        self.values = values


class Master:
    """One master key: wraps other keys, and is told by its fingerprint."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY_BYTES:
            raise VaultError("vault_key_length", expected=KEY_BYTES, found=len(secret))
        self.secret = secret
        self.fingerprint = self.derive(b"fingerprint")[:8].hex()
        self._cipher = AESGCM(self.derive(b"wrap"))

    def wrap(self, key: bytes, place: str) -> bytes:
        """A key sealed for its place."""
        return seal(self._cipher, key, place)

    def unwrap(self, wrapped: bytes, place: str) -> bytes:
        """The key that was wrapped for this place; raises VaultError for anything else."""
        return unseal(self._cipher, wrapped, place)

    def derive(self, purpose: bytes) -> bytes:
        """A key for one purpose, always the same."""
        return hmac.new(self.secret, b"frontdesk/" + purpose, hashlib.sha256).digest()


class Keyring:
    """The master keys that are in use: one, or two while the master key is being changed (newest first)."""

    def __init__(self, *masters: Master) -> None:
        self.masters = masters

    @property
    def newest(self) -> Master:
        """The master key that stays."""
        return self.masters[0]

    def find(self, fingerprint: str) -> Master | None:
        """The master key of this fingerprint."""
        return next((one for one in self.masters if one.fingerprint == fingerprint), None)

    @classmethod
    def read(cls, path: Path) -> "Keyring":
        """Read a key file; raises VaultError when it is missing, unreadable, malformed or readable by others."""
        content, mode = _content(path)
        if mode & 0o077:
            raise VaultError("vault_key_loose", path=str(path), mode=oct(mode))
        lines = [line.strip() for line in content.splitlines() if line.strip()]
        if not 1 <= len(lines) <= 2:
            raise VaultError("vault_key_malformed", path=str(path))
        masters = [_master(path, line) for line in lines]
        if len({one.fingerprint for one in masters}) < len(masters):
            raise VaultError("vault_key_malformed", path=str(path))
        return cls(*masters)

    @classmethod
    def create(cls, path: Path, secret: bytes | None = None) -> "Keyring":
        """Write a new key file with mode 0600, with a key drawn for it unless one is given; never replaces a file."""
        ring = cls(Master(secret or secrets.token_bytes(KEY_BYTES)))
        path.parent.mkdir(parents=True, exist_ok=True)
        with ring._written_aside(path) as aside:
            os.link(aside, path)
        _settle_folder(path.parent)
        return ring

    def replace(self, path: Path) -> None:
        """Write the key file anew in one step, for the same owner; raises VaultError when that cannot be done.

        Whoever reads it meanwhile, or after a crash, finds the old file or the new one whole.
        """
        path = path.resolve()  # a link stays a link
        try:
            before = path.stat()
            with self._written_aside(path) as aside:
                if before.st_uid != os.geteuid():
                    os.chown(aside, before.st_uid, before.st_gid)
                aside.rename(path)
            _settle_folder(path.parent)
        except OSError as error:
            raise VaultError("vault_key_unwritable", path=str(path), why=error.strerror or str(error)) from error

    @contextmanager
    def _written_aside(self, path: Path) -> Iterator[Path]:
        """The lines in a file beside `path`, on the disk before it gets its name."""
        aside = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.writelines(f"{one.secret.hex()}\n" for one in self.masters)
                file.flush()
                os.fsync(file.fileno())
            yield aside
        finally:
            aside.unlink(missing_ok=True)


def seal(cipher: AESGCM, data: bytes, place: str) -> bytes:
    """Data encrypted for one place."""
    nonce = os.urandom(_NONCE_BYTES)
    return _VERSION + nonce + cipher.encrypt(nonce, data, place.encode("ascii"))


def unseal(cipher: AESGCM, sealed: bytes, place: str) -> bytes:
    """What was sealed for this place; raises VaultError for anything else."""
    if sealed[:1] != _VERSION:
        raise VaultError("vault_not_sealed", place=place)
    nonce = sealed[1 : 1 + _NONCE_BYTES]
    try:
        return cipher.decrypt(nonce, sealed[1 + _NONCE_BYTES :], place.encode("ascii"))
    except (InvalidTag, ValueError) as error:
        raise VaultError("vault_does_not_open", place=place) from error


def _content(path: Path) -> tuple[str, int]:
    """The text and the mode of one and the same file."""
    try:
        # A pipe would otherwise wait for whoever writes into it.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise VaultError("vault_key_unreadable", path=str(path), why="it is no file")
            return file.read(_LONGEST_FILE).decode("ascii"), stat.S_IMODE(found.st_mode)
    except FileNotFoundError as error:
        raise VaultError("vault_key_missing", path=str(path)) from error
    except OSError as error:
        raise VaultError("vault_key_unreadable", path=str(path), why=error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise VaultError("vault_key_unreadable", path=str(path), why="it is no text") from error


def _master(path: Path, line: str) -> Master:
    try:
        secret = bytes.fromhex(line)
    except ValueError as error:
        raise VaultError("vault_key_malformed", path=str(path)) from error
    if len(secret) != KEY_BYTES or len(line) != 2 * KEY_BYTES:
        raise VaultError("vault_key_malformed", path=str(path))
    return Master(secret)


def _settle_folder(folder: Path) -> None:
    """Have the names in a folder on the disk, not only the files."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
