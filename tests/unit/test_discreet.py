"""Log lines hold nobody's words: whatever an error says, whoever logs it, and no secret that has a form of its own."""

import io
import json
import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from bot import logs
from bot.discreet import masked, told
from crm_core.storage.keyring import VaultError
from crm_core.storage.vault import Vault

NOTHING: dict[str, str] = {}
CANARY = "Ana-Canary-+491701234567"


class _OfDriver(sqlite3.IntegrityError):
    """What PostgreSQL's driver says: the value that broke the rule, and a code."""

    sqlstate = "23505"


class _Nonsense(Exception):
    """An error whose words cannot be had."""

    def __str__(self) -> str:
        raise ValueError(CANARY)


def _of_database() -> None:
    engine = create_engine("sqlite://", hide_parameters=True)
    with engine.connect() as connection:
        connection.execute(text("SELECT * FROM nothing WHERE name = :name"), {"name": CANARY})


def _chained() -> None:
    try:
        int(CANARY)
    except ValueError as error:
        raise KeyError(CANARY) from error


def _in_context() -> None:
    try:
        int(CANARY)
    except ValueError:
        NOTHING[CANARY]


def _raise(error: BaseException) -> Callable[[], None]:
    def go() -> None:
        raise error

    return go


TROUBLES = {
    "a value": lambda: int(CANARY),
    "a key": lambda: NOTHING[CANARY],
    "letters": lambda: (CANARY + "é").encode("ascii"),
    "json": lambda: json.loads(CANARY),
    "a chain": _chained,
    "a context": _in_context,
    "a group": _raise(ExceptionGroup(CANARY, [ValueError(CANARY), ExceptionGroup("x", [KeyError(CANARY)])])),
    "a file": lambda: open(f"/nowhere/{CANARY}"),  # noqa: SIM115, PTH123
    "the database": _of_database,
    "a driver": _raise(DBAPIError("INSERT", {"name": CANARY}, _OfDriver(f"Key (name)=({CANARY}) already exists"))),
    "nonsense": _raise(_Nonsense(CANARY)),
    "words of another": _raise(RuntimeError(CANARY)),
    "an assertion": _raise(AssertionError(CANARY)),
}


def error_of(trouble: Callable[[], object]) -> BaseException:
    with pytest.raises(BaseException) as caught:  # noqa: PT011
        trouble()
    caught.value.add_note(CANARY)
    return caught.value


@contextmanager
def log_of(as_json: bool, monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What a process writes to standard error, by our logger and by the libraries'."""
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    root.handlers.clear()
    with monkeypatch.context() as patch:
        patch.setattr("sys.stderr", stream)
        patch.setattr("sys.excepthook", None)
        logs.set_up("info", as_json=as_json)
        try:
            yield stream
        finally:
            structlog.reset_defaults()
            root.handlers[:] = handlers
            root.setLevel(level)


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("trouble", TROUBLES)
def test_no_words_of_a_person_come_into_the_log_by_an_error(
    trouble: str, as_json: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = error_of(TROUBLES[trouble])
    with log_of(as_json, monkeypatch) as stream:
        structlog.get_logger("bot").error("A turn failed.", inbox=7, exc_info=error)
        logging.getLogger("uvicorn.error").error("Exception in the application\n%s", CANARY, exc_info=error)
        logging.getLogger("asyncio").error("Task exception was never retrieved\nfuture: %r", error, exc_info=error)
        said = stream.getvalue()

    assert "Canary" not in said
    assert "4917" not in said
    assert said.count(type(error).__qualname__) >= 3
    assert said.count("test_discreet.py") >= 3  # where it happened is told
    assert "A turn failed." in said


def test_what_an_error_says_of_the_program_is_told() -> None:
    """Enough to find the mistake by."""
    assert "AttributeError: 'NoneType' object has no attribute 'name'" in told(error_of(lambda: None.name))  # type: ignore[attr-defined]
    assert "No such file or directory" in told(error_of(TROUBLES["a file"]))
    assert "_OfDriver 23505" in told(error_of(TROUBLES["a driver"]))
    assert "SQLITE_ERROR" in told(error_of(TROUBLES["the database"]))
    assert "interaction.body:7" in told(error_of(lambda: Vault(b"k" * 32).open(b"x", "interaction.body:7", None)))


def test_an_error_whose_cause_is_itself_ends() -> None:
    one, other = ValueError(CANARY), VaultError("vault_does_not_open", place="customer.name:1")
    one.__cause__, other.__cause__ = other, one

    assert "Canary" not in told(one)


@given(st.from_regex(r"[1-9]\d{7,9}:[A-Za-z0-9_-]{35}", fullmatch=True), st.text(max_size=20))
def test_a_bots_token_is_masked_wherever_it_stands(token: str, beside: str) -> None:
    assert token not in masked(f"{beside} https://api.telegram.org/bot{token}/getMe {beside}")
    assert token not in masked(f"{beside}\n{token}")


@pytest.mark.parametrize(
    ("words", "secret"),
    [
        ("GET /desk/enter/AbC-123_x 404", "AbC-123_x"),
        ("GET /chat/link/AbC-123_x HTTP/1.1", "AbC-123_x"),
        ("GET /chat?login=eyJh.bGci.x-y&a=1", "eyJh.bGci.x-y"),
        ("postgresql+psycopg://desk:hunter2@db/desk cannot be reached", "hunter2"),
    ],
)
def test_what_lets_somebody_in_is_masked(words: str, secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with log_of(True, monkeypatch) as stream:
        structlog.get_logger("bot").warning("Something.", what=words)
        logging.getLogger("aiohttp").warning(words)
        said = stream.getvalue()

    assert secret not in said
    assert said.count("…") == 2
