"""The key file: one line, or two while the key is being changed; private, replaced whole, read only when it is fit."""

import os
import secrets
import stat
from pathlib import Path

import pytest

from crm_core.storage.keyring import Keyring, Master, VaultError

ONE, OTHER = "11" * 32, "22" * 32


def ring(*secrets_in_hex: str) -> Keyring:
    return Keyring(*(Master(bytes.fromhex(one)) for one in secrets_in_hex))


def key_file(folder: Path, text: str) -> Path:
    path = folder / "key"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("text", [ONE, f"{ONE}\n", f"{ONE}\r\n\r\n", f"  {ONE} \n"])
def test_one_line_is_one_key(tmp_path: Path, text: str) -> None:
    assert [one.secret.hex() for one in Keyring.read(key_file(tmp_path, text)).masters] == [ONE]


def test_of_two_lines_the_first_is_the_newest(tmp_path: Path) -> None:
    found = Keyring.read(key_file(tmp_path, f"{ONE}\n{OTHER}\n"))

    assert found.newest.secret.hex() == ONE
    assert found.find(found.masters[1].fingerprint) is found.masters[1]
    assert found.find("nobody") is None


@pytest.mark.parametrize(
    "text",
    ["", "\n", ONE[:-1], ONE + "0", f"{ONE} {OTHER}", f"{ONE}\n{ONE}", f"{ONE}\n{OTHER}\n{'33' * 32}", f"{ONE}\nx",
     f"key = {ONE}", " ".join(["11"] * 32), "0" * 5_000],
)  # fmt: skip
def test_a_file_that_holds_anything_else_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(VaultError) as refused:
        Keyring.read(key_file(tmp_path, text))

    assert refused.value.key == "vault_key_malformed"


def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(VaultError) as refused:
            Keyring.read(path)
        assert refused.value.key == "vault_key_unreadable"


def test_a_file_is_replaced_whole_stays_private_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = key_file(tmp_path, ONE)
    ring(OTHER, ONE).replace(path)

    assert path.read_text(encoding="ascii").split() == [OTHER, ONE]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_to_the_key_file_stays_a_link(tmp_path: Path) -> None:
    path = key_file(tmp_path, ONE)
    link = tmp_path / "link"
    link.symlink_to(path)
    ring(OTHER).replace(link)

    assert link.is_symlink()
    assert path.read_text(encoding="ascii").strip() == OTHER


def test_a_key_file_that_is_not_there_is_never_made_by_replacing_it(tmp_path: Path) -> None:
    with pytest.raises(VaultError) as refused:
        ring(ONE).replace(tmp_path / "key")

    assert refused.value.key == "vault_key_unwritable"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has files of other people")
def test_the_key_file_of_another_user_stays_theirs(tmp_path: Path) -> None:
    """Root changes the key of a Frontdesk that runs under a name of its own."""
    path = key_file(tmp_path, ONE)
    os.chown(path, 12345, 12345)
    ring(OTHER, ONE).replace(path)

    assert (path.stat().st_uid, path.stat().st_gid) == (12345, 12345)


def test_what_one_master_key_wrapped_opens_with_no_other_and_for_no_other_place() -> None:
    one, other = ring(ONE, OTHER).masters
    key = secrets.token_bytes(32)
    wrapped = one.wrap(key, "customer.key:1")

    assert one.unwrap(wrapped, "customer.key:1") == key
    for master, place in ((other, "customer.key:1"), (one, "customer.key:2")):
        with pytest.raises(VaultError):
            master.unwrap(wrapped, place)
