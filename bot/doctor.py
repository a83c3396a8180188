"""The doctor: looks at everything an installation needs, changes nothing, and says how to mend what is wrong."""

import asyncio
import errno
import json
import re
import shutil
import socket
import stat
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from datetime import datetime
from http.client import HTTPException
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import func, select, text

from bot.articles import drafts_of
from bot.config import SAMPLE_ARTICLES, ConfigError, Settings, load_settings
from crm_core.models import Inbox, InboxState, Lane, Outbox, OutboxState
from crm_core.storage.database import Database
from crm_core.storage.migrations import HEAD, revision, stored_fingerprint
from crm_core.storage.vault import Vault, VaultError
from knowledge_base import ArticleError

State = Literal["good", "note", "wrong"]
_PATIENCE = 5.0  # seconds for an answer over the network
_LITTLE_SPACE = 200 * 1024 * 1024
_LISTED = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found, and what to do about it."""

    check: str
    state: State
    says: str
    mend: str = ""

    def as_json(self) -> dict[str, str]:
        """The finding for a script."""
        return asdict(self)


def _good(check: str, says: str) -> Finding:
    return Finding(check, "good", says)


def _note(check: str, says: str, mend: str = "") -> Finding:
    return Finding(check, "note", says, mend)


def _wrong(check: str, says: str, mend: str) -> Finding:
    return Finding(check, "wrong", says, mend)


async def examine(config: Path | None) -> list[Finding]:
    """Every finding, in the order in which things need each other; without settings there is nothing more to see."""
    try:
        settings = load_settings(config)
    except ConfigError as error:
        return [_wrong("config", problem, "Put this right in the configuration.") for problem in error.problems]
    where = config or Path("config.toml")
    read = f"{where.absolute()} is valid." if where.exists() else "There is no config.toml here; the defaults are used."
    findings = [_good("config", read)]
    findings += [finding async for finding in _records(settings)]
    findings += _articles(settings)
    findings += await asyncio.gather(
        asyncio.to_thread(_web, settings), asyncio.to_thread(_telegram, settings), asyncio.to_thread(_disk, settings)
    )
    findings += await asyncio.to_thread(_training, settings)
    findings.append(_time_zone(settings))
    return findings


# ---- key and database ----


async def _records(settings: Settings) -> AsyncIterator[Finding]:
    url = settings.database_url
    if missing := _missing_file(settings):
        yield _key(settings, None)
        yield _note("database", f"{missing} is not there yet.", "`frontdesk run` or `frontdesk migrate` makes it.")
        return
    database = Database(url.render_as_string(hide_password=False))
    try:
        try:
            await database.check()
            fingerprint = await stored_fingerprint(database)
        except Exception as error:  # noqa: BLE001 - whatever a driver raises is the finding
            yield _key(settings, None)
            why = str(error.__cause__ or error).splitlines()[0]
            yield _wrong("database", f"It cannot be read: {why}", "See that [database] url is right and that it runs.")
            return
        yield _key(settings, fingerprint)
        async for finding in _database(database):
            yield finding
    finally:
        await database.close()


def _missing_file(settings: Settings) -> Path | None:
    url = settings.database_url
    file = Path(url.database or "")
    return file if url.drivername.startswith("sqlite") and not file.exists() else None


def _key(settings: Settings, fingerprint: str | None) -> Finding:
    path = settings.key_file
    if not path.exists():
        if fingerprint is None:
            return _note("key", f"{path} is not there yet.", "The first start makes it; keep a copy elsewhere then.")
        return _wrong("key", f"{path} is missing, and the records are sealed with it.", "Put it back from a backup.")
    try:
        vault = Vault.from_file(path)
    except VaultError as error:
        mend = {
            "vault_key_loose": f"chmod 600 {path}",
            "vault_key_unreadable": "Let the user who runs Frontdesk own and read it.",
        }.get(error.key, "Put the right file back from a backup.")
        return _wrong("key", _KEY_PROBLEMS.get(error.key, error.key).format(path=path), mend)
    if fingerprint is not None and vault.fingerprint != fingerprint:
        return _wrong(
            "key",
            f"{path} holds another key than the one that sealed this database.",
            "Set [vault] key_file to the right one.",
        )
    mode = stat.filemode(path.stat().st_mode)
    return _good("key", f"{path} ({mode})" + (" fits the database." if fingerprint else "."))


_KEY_PROBLEMS = {
    "vault_key_loose": "{path} may be read by others.",
    "vault_key_unreadable": "{path} cannot be read.",
    "vault_key_malformed": "{path} does not hold 64 hexadecimal digits.",
}


async def _database(database: Database) -> AsyncIterator[Finding]:
    async with database.read() as session:
        found = await (await session.connection()).run_sync(revision)
    if found is None:
        yield _note("database", "It is empty.", "`frontdesk run` or `frontdesk migrate` makes its tables.")
        return
    if found != HEAD:
        yield _wrong(
            "database",
            f"It is at revision {found}; this Frontdesk works with {HEAD}.",
            "`frontdesk migrate` brings an older one up to date; a newer one needs the newer Frontdesk.",
        )
        return
    yield await _soundness(database, found)
    yield await _set_aside(database)
    yield await _in_doubt(database)


async def _soundness(database: Database, found: str) -> Finding:
    says = f"It answers, at revision {found}"
    if not database.is_sqlite:
        return _good("database", f"{says}.")
    async with database.read() as session:
        mode = await session.scalar(text("PRAGMA journal_mode"))
        problems = list(await session.scalars(text("PRAGMA quick_check(5)")))
    if problems != ["ok"]:
        return _wrong("database", f"The file is damaged: {'; '.join(map(str, problems))}", "Restore the newest backup.")
    if str(mode).lower() != "wal":
        return _wrong(
            "database",
            f"{says}, but its journal is {mode}, not WAL.",
            "Stop whatever else opened it, and start Frontdesk once: it sets WAL.",
        )
    return _good("database", f"{says}, its journal is WAL, and the file is sound.")


async def _set_aside(database: Database) -> Finding:
    async with database.read() as session:
        count = await session.scalar(select(func.count()).select_from(Inbox).where(Inbox.state == InboxState.SET_ASIDE))
        rows = (
            await session.execute(
                select(Inbox.id, Inbox.channel, Inbox.error)
                .where(Inbox.state == InboxState.SET_ASIDE)
                .order_by(Inbox.id)
                .limit(_LISTED)
            )
        ).all()
    if not count:
        return _good("inbox", "No message is set aside.")
    shown = "; ".join(f"row {row_id} ({channel}): {error or 'unknown error'}" for row_id, channel, error in rows)
    return _wrong(
        "inbox",
        f"{_messages(count)} could not be handled: {shown}",
        "The log has the whole error under each row's number; the messages stay sealed in the inbox.",
    )


def _messages(count: int) -> str:
    return "One message" if count == 1 else f"{count} messages"


async def _in_doubt(database: Database) -> Finding:
    async with database.read() as session:
        rows = (
            await session.execute(
                select(Outbox.lane, func.count()).where(Outbox.state == OutboxState.IN_DOUBT).group_by(Outbox.lane)
            )
        ).all()
    if not rows:
        return _good("outbox", "No delivery is in doubt.")
    shown = ", ".join(f"{Lane(lane).name.lower()}: {count}" for lane, count in sorted(rows))
    return _note(
        "outbox",
        f"Some deliveries may or may not have arrived ({shown}).",
        "`frontdesk report deliveries` lists them; agents are asked whether to send theirs again.",
    )


# ---- articles ----


def _articles(settings: Settings) -> list[Finding]:
    try:
        found = drafts_of(settings.article_paths)
    except ArticleError as error:
        return [_wrong("articles", f"{error}.", "Put this right; until then the bot keeps the articles it knows.")]
    languages = Counter(article.language for article in found)
    shown = ", ".join(f"{count} in {language}" for language, count in sorted(languages.items()))
    findings = [_good("articles", f"They can be read: {shown}.")]
    ids = {article.slug for article in found}
    for language in settings.shop.languages:
        missing = sorted(ids - {article.slug for article in found if article.language == language})
        if missing:
            more = f" and {len(missing) - _LISTED} more" if len(missing) > _LISTED else ""
            findings.append(
                _note(
                    "translations",
                    f"Without a version in {language}: {', '.join(missing[:_LISTED])}{more}.",
                    "Customers who read this language are handed to a person for these questions.",
                )
            )
    if not findings[1:]:
        findings.append(_good("translations", "Every article is there in every language of the shop."))
    if settings.knowledge.articles == (SAMPLE_ARTICLES,):
        findings.append(
            _note(
                "articles",
                "They are those of the sample shop.",
                "Set [knowledge] articles to your own before customers come (`frontdesk init` begins them).",
            )
        )
    return findings


# ---- the world outside ----


def _web(settings: Settings) -> Finding:
    if not settings.web.enabled:
        return _note("web", "It is switched off ([web] enabled).")
    host, port = settings.web.host, settings.web.port
    if port == 0:
        return _good("web", "Any free port is taken at the start ([web] port = 0).")
    problem = _binding_problem(host, port)
    if problem is None:
        return _good("web", f"Port {port} of {host} is free.")
    if problem != errno.EADDRINUSE:
        return _wrong(
            "web",
            f"Frontdesk cannot listen on {host}:{port}: {_reason(problem)}.",
            "Set [web] host to an address of this machine, and port to one above 1023.",
        )
    if _is_frontdesk(f"{_address(settings)}/healthz"):
        return _good("web", f"Frontdesk is running on {host}:{port}.")
    return _wrong("web", f"Another program listens on {host}:{port}.", "Set [web] port to another one, or stop it.")


def _binding_problem(host: str, port: int) -> int | None:
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, proto) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except OSError as error:
        return error.errno or errno.EINVAL
    return None


def _reason(number: int) -> str:
    return OSError(number, "").strerror or errno.errorcode.get(number, "unknown reason")


def _address(settings: Settings) -> str:
    """Where a Frontdesk with these settings answers on this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.web.host, settings.web.host)  # noqa: S104 - compared only
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.web.port}"


def _is_frontdesk(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=_PATIENCE) as answer:  # noqa: S310 - our own address, always http
            found = json.loads(answer.read(10_000))
    except (OSError, HTTPException, ValueError):
        return False
    return isinstance(found, dict) and found.get("alive") is True


def _training(settings: Settings) -> list[Finding]:
    """What the Frontdesk that runs here tells of its training; nothing when none does, or none that can be asked."""
    if not (settings.web.enabled and settings.web.port):
        return []
    try:
        with urllib.request.urlopen(f"{_address(settings)}/metrics", timeout=_PATIENCE) as answer:  # noqa: S310 - our own address, always http
            page = answer.read(1_000_000).decode("utf-8", "replace")
    except (OSError, HTTPException):
        return []
    found = dict(re.findall(r"^(frontdesk_training_failed\w*) ([\d.e+]+)$", page, re.MULTILINE))
    if "frontdesk_training_failed" not in found:
        return []
    if (seconds := found.get("frontdesk_training_failed_since_seconds")) is None:
        return [_good("training", "The Frontdesk that runs here has learnt its articles, or is about to.")]
    since = datetime.fromtimestamp(float(seconds), settings.zone)
    return [
        _wrong(
            "training",
            f"Since {since:%Y-%m-%d %H:%M} ({settings.shop.time_zone}) the Frontdesk that runs here fails to learn its "
            "articles; questions are matched with what it learnt before.",
            "The log says why. It is tried again by itself, and at once when an article changes.",
        )
    ]


def _telegram(settings: Settings) -> Finding:
    if not settings.telegram.enabled:
        return _note("telegram", "It is switched off ([telegram] enabled).")
    try:
        token = settings.read_token().get_secret_value()
    except ConfigError as error:
        return _wrong("telegram", error.problems[0], "Put the token that BotFather gave into this file.")
    base = settings.telegram.api_base
    if not re.fullmatch(r"\d+:[\w-]+", token):
        return _wrong("telegram", "The token does not look like 123456:letters.", "Ask BotFather for it (/token).")
    try:
        with urllib.request.urlopen(f"{base}/bot{token}/getMe", timeout=_PATIENCE) as answer:  # noqa: S310 - checked by the settings
            return _bot(json.loads(answer.read(100_000)), base)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in {401, 404}:
            return _wrong("telegram", f"{base} does not know the token.", "Ask BotFather for it (/token).")
        return _wrong("telegram", f"{base} answered {error.code}.", "Try again later; see [telegram] api_base.")
    except (OSError, ValueError) as error:
        why = getattr(error, "reason", None) or error
        # The address holds the token, and messages of some errors hold the address.
        return _wrong(
            "telegram",
            f"{base} cannot be reached: {str(why).replace(token, '…')}.",
            "See that this machine may reach it; [telegram] api_base names another server.",
        )


def _bot(answer: Any, base: str) -> Finding:
    if not isinstance(answer, dict) or not isinstance(answer.get("result"), dict):
        return _wrong("telegram", f"What {base} answers is no Bot API.", "See [telegram] api_base.")
    return _good("telegram", f"{base} knows the bot as @{answer['result'].get('username', '?')}.")


def _disk(settings: Settings) -> Finding:
    url = settings.database_url
    wanted = Path(url.database) if url.drivername.startswith("sqlite") and url.database else settings.key_file
    folder = next(parent for parent in wanted.absolute().parents if parent.exists())
    free = shutil.disk_usage(folder).free
    says = f"{free / 1024**3:.1f} GB are free in {folder}."
    if free < _LITTLE_SPACE:
        return _wrong("disk", says, "Make room: without it no message can be kept.")
    return _good("disk", says)


def _time_zone(settings: Settings) -> Finding:
    if settings.shop.time_zone == "UTC":
        return _note(
            "time zone",
            "Days and quiet hours are counted in UTC.",
            'Set [shop] time_zone, such as "Asia/Shanghai", unless the shop is there.',
        )
    return _good("time zone", f"Days and quiet hours are counted in {settings.shop.time_zone}.")
