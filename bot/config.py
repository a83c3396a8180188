"""The settings of one Frontdesk: environment, file and defaults, in that order, checked before anything starts."""

import difflib
import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import field, fields, replace
from datetime import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, TypeAdapter, ValidationError, model_validator
from pydantic.dataclasses import dataclass
from pydantic_core import ErrorDetails
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

if TYPE_CHECKING:
    from crm_core.rules.lifecycle import Lifecycle
    from crm_core.rules.retention import Months

DEFAULT_PATH = Path("config.toml")
SAMPLE_ARTICLES = "knowledge_base/sample/articles"

_PROGRAM = Path(__file__).resolve().parent.parent
_VARIABLE = re.compile(r"FRONTDESK_([A-Z0-9_]+?)__([A-Z0-9_]+)")
_SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")
SECRETS = ("telegram.token", "telegram.webhook_secret", "web.login_secret", "knowledge.embedder_key")  # kept sealed
_TOKEN = re.compile(r"\d+:[\w-]+")
_SHORTEST_AUDIT = 13  # months: a year and the days that a month may lack
_SHORTEST_SECRET = 32  # bytes of the secret that signs logins, as RFC 7518 wants
_DRIVERS = (
    "sqlite+aiosqlite", "postgresql+psycopg", "postgresql+asyncpg", "mysql+aiomysql", "mariadb+aiomysql",
)  # fmt: skip


class ConfigError(Exception):
    """The settings cannot be used; `problems` holds one plain sentence for each thing to put right."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


# ---- kinds of values: each function returns what it understood or raises ValueError ----


def _number(value: object) -> object:
    if isinstance(value, bool):  # Python takes true for 1, an operator does not
        raise ValueError("a truth value is no number")  # noqa: TRY004 - pydantic wants it so
    return value


def _number_or_nothing(value: object) -> object:
    return None if value == "" else _number(value)


def _words(value: object) -> object:
    if isinstance(value, str):  # an environment variable can hold a list only as text
        return tuple(word.strip() for word in value.split(",") if word.strip())
    return value


def _distinct(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))


def _address(value: str) -> str:
    if not re.fullmatch(r"https?://[^/\s?#]+(/[^\s?#]*)?", value):
        raise ValueError("no web address")
    return value.rstrip("/")


def _origins(values: tuple[str, ...]) -> tuple[str, ...]:
    for one in values:
        if not re.fullmatch(r"https?://[A-Za-z0-9.\-\[\]:]+", one):
            raise ValueError("no address of a site: its scheme, its host and nothing behind them")
    return tuple(dict.fromkeys(one.lower() for one in values))


def _address_or_nothing(value: str) -> str:
    return _address(value) if value else ""


def _time_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("no such time zone") from error
    return value


def _database_url(value: str) -> str:
    try:
        url = make_url(value)
    except (ArgumentError, ValueError) as error:
        raise ValueError("no URL") from error
    if url.drivername not in _DRIVERS:
        raise ValueError("no supported database")
    return value


def _quiet_hours(value: object) -> object:
    if not isinstance(value, str):
        return value
    if not value.strip():
        return None
    span = _SPAN.fullmatch(value.strip())
    if span is None:
        raise ValueError("no span of hours")
    from_hour, from_minute, to_hour, to_minute = map(int, span.groups())
    start, end = time(from_hour, from_minute), time(to_hour, to_minute)
    if start == end:
        raise ValueError("the whole day or nothing: nobody can tell")
    return start, end


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


Language = Literal["en", "zh"]
_Whole = Annotated[int, BeforeValidator(_number)]
_Rate = Annotated[float, BeforeValidator(_number), Field(gt=0, allow_inf_nan=False)]
_Share = Annotated[float, BeforeValidator(_number), Field(ge=0, le=1)]
_Word = Annotated[str, Field(min_length=1)]
_Words = Annotated[tuple[str, ...], Field(min_length=1), BeforeValidator(_words)]
_Languages = Annotated[tuple[Language, ...], Field(min_length=1), BeforeValidator(_words), AfterValidator(_distinct)]

_Origins = Annotated[tuple[str, ...], BeforeValidator(_words), AfterValidator(_origins)]

# ---- the sections: a field's description says what is expected, and is what the operator reads after a bad value;
#      `repr=False` marks what no message and no log line may show ----


@dataclass(frozen=True, kw_only=True)
class ShopSettings:
    """[shop]: who the bot speaks for."""

    name: _Word = Field(default="Harbour Tea House", description="a name")
    languages: _Languages = Field(default=("en", "zh"), description='a list of "en", "zh" or both')
    time_zone: Annotated[str, AfterValidator(_time_zone)] = Field(
        default="UTC", description='an IANA time zone such as "Asia/Shanghai"'
    )
    country: Annotated[str, BeforeValidator(_upper), Field(pattern="^([A-Z]{2})?$")] = Field(
        default="", description='a country of two letters such as "CN", or nothing'
    )


@dataclass(frozen=True, kw_only=True)
class DatabaseSettings:
    """[database]: where the records are; `Settings.database_url` is the form to open."""

    url: Annotated[str, AfterValidator(_database_url)] = Field(
        default="sqlite+aiosqlite:///var/frontdesk.db",
        repr=False,  # it may hold a password
        description="a URL that starts with sqlite+aiosqlite://, postgresql+psycopg:// or mariadb+aiomysql://",
    )


@dataclass(frozen=True, kw_only=True)
class WebSettings:
    """[web]: the one HTTP server."""

    enabled: bool = Field(default=True, description="true or false")
    host: _Word = Field(default="127.0.0.1", description="a host name or an address")
    port: _Whole = Field(default=8080, ge=0, le=65535, description="a whole number from 0 to 65535")
    base_url: Annotated[str, AfterValidator(_address_or_nothing)] = Field(
        default="", description="an address that starts with http:// or https://, or nothing"
    )
    login_secret_file: str = Field(default="", description="the path of a file, or nothing")
    login_origins: _Origins = Field(default=(), description='a list of addresses such as "https://www.example.com"')


@dataclass(frozen=True, kw_only=True)
class TelegramSettings:
    """[telegram]: the bot's account; a token set here or in the environment wins over the file."""

    enabled: bool = Field(default=False, description="true or false")
    token: SecretStr = Field(default=SecretStr(""), repr=False, description="the token that BotFather gave, as text")
    token_file: str = Field(default="", description="the path of a file, or nothing")
    library: Literal["aiogram", "python-telegram-bot"] = Field(
        default="python-telegram-bot", description='"aiogram" or "python-telegram-bot"'
    )
    api_base: Annotated[str, AfterValidator(_address)] = Field(
        default="https://api.telegram.org", description="an address that starts with http:// or https://"
    )
    mode: Literal["polling", "webhook"] = Field(default="polling", description='"polling"')
    webhook_secret: SecretStr = Field(default=SecretStr(""), repr=False, description="text")
    staff_chat_id: Annotated[int | None, BeforeValidator(_number_or_nothing)] = Field(
        default=None, description="a chat id such as -1001234567890, or nothing"
    )

    @model_validator(mode="after")
    def _can_be_served(self) -> "TelegramSettings":
        if self.mode == "webhook":
            raise ValueError('mode = "webhook" is not built yet; use "polling".')
        return self


@dataclass(frozen=True, kw_only=True)
class KnowledgeSettings:
    """[knowledge]: what the bot may answer from, and how sure it has to be."""

    articles: _Words = Field(
        default=(SAMPLE_ARTICLES,), description="the path of a folder or a file, or a list of them"
    )
    wrong_answers_at_most: _Share = Field(default=0.05, description="a share from 0 to 1, such as 0.05")
    judge_share: _Share = Field(default=0.1, description="a share from 0 to 1, such as 0.1")
    judge_per_week: _Whole = Field(default=5, ge=0, description="a whole number from 0")
    second_person_approves: bool = Field(default=True, description="true or false")
    embedder: Literal["", "folder", "http"] = Field(default="", description='"folder", "http" or nothing')
    embedder_folder: str = Field(default="", description="the path of a folder, or nothing")
    embedder_url: Annotated[str, AfterValidator(_address_or_nothing)] = Field(
        default="", description="an address that starts with http:// or https://, or nothing"
    )
    embedder_model: str = Field(default="", description="the name of a model, or nothing")
    embedder_key_file: str = Field(default="", description="the path of a file, or nothing")

    @model_validator(mode="after")
    def _can_embed(self) -> "KnowledgeSettings":
        if self.embedder == "folder" and not self.embedder_folder:
            raise ValueError('embedder = "folder" needs embedder_folder, where the model lies.')
        if self.embedder == "http" and not (self.embedder_url and self.embedder_model):
            raise ValueError('embedder = "http" needs embedder_url and embedder_model.')
        return self


@dataclass(frozen=True, kw_only=True)
class SendingSettings:
    """[sending]: the budget of one bot, shared by everything it sends."""

    per_second: _Rate = Field(default=28, description="a number above 0")
    per_chat_per_second: _Rate = Field(default=1, description="a number above 0")
    per_group_per_minute: _Rate = Field(default=20, description="a number above 0")


@dataclass(frozen=True, kw_only=True)
class ReceivingSettings:
    """[receiving]: how often one sender may write to us."""

    per_minute: _Whole = Field(default=40, ge=1, description="a whole number from 1")


@dataclass(frozen=True, kw_only=True)
class VaultSettings:
    """[vault]: where the master key is kept."""

    key_file: _Word = Field(default="var/frontdesk.key", description="the path of a file")


@dataclass(frozen=True, kw_only=True)
class AccessSettings:
    """[access]: how far agents look, and what one colleague does not do alone."""

    agents_see: Annotated[Literal["own", "team", "all"], BeforeValidator(_lower)] = Field(
        default="all", description='"own", "team" or "all"'
    )
    broadcast_needs_second_from: _Whole = Field(default=1000, ge=1, description="a whole number from 1")
    pin_memory_kib: _Whole = Field(default=65_536, ge=64, le=4_194_304, description="a whole number from 64")


@dataclass(frozen=True, kw_only=True)
class PrivacySettings:
    """[privacy]: for how many months what is kept, as `crm_core.rules.retention` has it; 0 keeps it for good."""

    messages_months: _Whole = Field(default=24, ge=0, le=1200, description="a whole number from 0")
    files_months: _Whole = Field(default=24, ge=0, le=1200, description="a whole number from 0")
    staff_talk_months: _Whole = Field(default=3, ge=0, le=1200, description="a whole number from 0")
    audit_months: _Whole = Field(default=72, ge=0, le=1200, description="a whole number from 13, or 0")
    imports_months: _Whole = Field(default=24, ge=0, le=1200, description="a whole number from 0")

    @model_validator(mode="after")
    def _long_enough(self) -> "PrivacySettings":
        if 0 < self.audit_months < _SHORTEST_AUDIT:
            raise ValueError(f"audit_months: expected {_SHORTEST_AUDIT} or more, or 0: a year at least is kept.")
        return self

    @property
    def months(self) -> "Months":
        """The same for the rules."""
        from crm_core.rules.retention import Months  # what reads settings alone loads no tables

        return Months(
            messages_months=self.messages_months,
            files_months=self.files_months,
            staff_talk_months=self.staff_talk_months,
            audit_months=self.audit_months,
            imports_months=self.imports_months,
        )


@dataclass(frozen=True, kw_only=True)
class TicketSettings:
    """[tickets]: how long a ticket may lie."""

    unclaimed_after_minutes: _Whole = Field(default=10, ge=1, description="a whole number from 1")


@dataclass(frozen=True, kw_only=True)
class MarketingSettings:
    """[marketing]: when and how often marketing may reach one customer."""

    quiet_hours: Annotated[tuple[time, time] | None, BeforeValidator(_quiet_hours)] = Field(
        default=(time(21), time(9)), description='a span of hours such as "21:00-09:00", or nothing'
    )
    weekly_cap: _Whole = Field(default=3, ge=0, description="a whole number from 0")


@dataclass(frozen=True, kw_only=True)
class FollowupSettings:
    """[followups]: days until the bot writes by itself; 0 switches one off."""

    after_resolved_days: _Whole = Field(default=3, ge=0, description="a whole number from 0")
    after_first_contact_days: _Whole = Field(default=7, ge=0, description="a whole number from 0")


@dataclass(frozen=True, kw_only=True)
class RelationshipSettings:
    """[relationships]: when a customer counts as at risk or lost, as `crm_core.rules.lifecycle` reckons it."""

    usual_days: _Rate = Field(default=60, description="a number above 0")
    shortest_days: _Rate = Field(default=14, description="a number above 0")
    longest_days: _Rate = Field(default=180, description="a number above 0")
    at_risk_after: _Rate = Field(default=2, description="a number above 0")
    lost_after: _Rate = Field(default=4, description="a number above 0")
    in_touch_days: _Rate = Field(default=30, description="a number above 0")

    @model_validator(mode="after")
    def _fit_together(self) -> "RelationshipSettings":
        if self.lost_after <= self.at_risk_after:
            raise ValueError("lost_after: expected a number above at_risk_after.")
        if self.longest_days < self.shortest_days:
            raise ValueError("longest_days: expected no less than shortest_days.")
        return self

    @property
    def lifecycle(self) -> "Lifecycle":
        """The same for the rules."""
        from crm_core.rules.lifecycle import Lifecycle  # what reads settings alone loads no tables

        return Lifecycle(
            usual_days=self.usual_days,
            shortest_days=self.shortest_days,
            longest_days=self.longest_days,
            at_risk_after=self.at_risk_after,
            lost_after=self.lost_after,
            in_touch_days=self.in_touch_days,
        )


@dataclass(frozen=True, kw_only=True)
class AuditSettings:
    """[audit]: where places of the audit chain are kept outside the database."""

    anchor_file: str = Field(default="", description="the path of a file, or nothing")


@dataclass(frozen=True, kw_only=True)
class LogSettings:
    """[log]: what is written for the operator."""

    level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)] = Field(
        default="info", description='"debug", "info", "warning" or "error"'
    )
    json: bool = Field(default=False, description="true or false")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every setting, with the folder that relative paths start from."""

    shop: ShopSettings = field(default_factory=ShopSettings)
    database: DatabaseSettings = field(default_factory=DatabaseSettings)
    web: WebSettings = field(default_factory=WebSettings)
    telegram: TelegramSettings = field(default_factory=TelegramSettings)
    knowledge: KnowledgeSettings = field(default_factory=KnowledgeSettings)
    sending: SendingSettings = field(default_factory=SendingSettings)
    receiving: ReceivingSettings = field(default_factory=ReceivingSettings)
    vault: VaultSettings = field(default_factory=VaultSettings)
    privacy: PrivacySettings = field(default_factory=PrivacySettings)
    access: AccessSettings = field(default_factory=AccessSettings)
    tickets: TicketSettings = field(default_factory=TicketSettings)
    marketing: MarketingSettings = field(default_factory=MarketingSettings)
    followups: FollowupSettings = field(default_factory=FollowupSettings)
    relationships: RelationshipSettings = field(default_factory=RelationshipSettings)
    audit: AuditSettings = field(default_factory=AuditSettings)
    log: LogSettings = field(default_factory=LogSettings)
    folder: Path = field(default_factory=Path.cwd)
    kept: Mapping[str, SecretStr] = field(default_factory=dict, repr=False)  # secrets from the database, by `SECRETS`

    @property
    def zone(self) -> ZoneInfo:
        """The shop's time zone."""
        return ZoneInfo(self.shop.time_zone)

    @property
    def base_url(self) -> str:
        """The address under which people reach the web server, without a slash at the end."""
        if self.web.base_url:
            return self.web.base_url
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.web.host, self.web.host)  # noqa: S104 - compared only
        return f"http://{f'[{host}]' if ':' in host and '[' not in host else host}:{self.web.port}"

    @property
    def database_url(self) -> URL:
        """The database's URL with the path of an SQLite file made absolute."""
        url = make_url(self.database.url)
        name = url.database
        if not url.drivername.startswith("sqlite") or not name or name == ":memory:" or name.startswith("file:"):
            return url
        return url.set(database=str(self.path(name)))

    def with_database(self, url: str) -> "Settings":
        """The same settings for another database."""
        return replace(self, database=replace(self.database, url=url))

    @property
    def key_file(self) -> Path:
        """The file with the master key."""
        return self.path(self.vault.key_file)

    @property
    def anchor_file(self) -> Path:
        """The file that places of the audit chain are kept in: the one that is set, else beside the key file."""
        name = self.audit.anchor_file
        return self.path(name) if name else self.key_file.with_name(f"{self.key_file.name}.anchors")

    @property
    def tombstone_file(self) -> Path:
        """The file of tombstones, beside the master key."""
        return self.key_file.with_name(f"{self.key_file.name}.erased")

    @property
    def article_paths(self) -> tuple[Path, ...]:
        """The folders and files that articles are read from."""
        return tuple(self._article_path(name) for name in self.knowledge.articles)

    def path(self, name: str) -> Path:
        """Where a path written in the configuration leads."""
        return (self.folder / Path(name).expanduser()).absolute()

    def read_token(self) -> SecretStr:
        """The Telegram token: the one that is set, else in the token file, read at this moment, else the one kept."""
        if self.telegram.token.get_secret_value():
            return self.telegram.token
        if not self.telegram.token_file:
            return self.kept.get("telegram.token", SecretStr(""))
        path = self.path(self.telegram.token_file)
        try:
            token = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"[telegram] token_file: {path} cannot be read ({_reason(error)}).") from error
        if not token or any(letter.isspace() for letter in token):
            raise ConfigError(f"[telegram] token_file: {path} should hold one token and nothing else.")
        return SecretStr(token)

    def check_token(self) -> None:
        """Raise ConfigError when Telegram is enabled without a token that looks like one."""
        if not self.telegram.enabled:
            return
        token = self.read_token().get_secret_value()
        if not token:
            raise ConfigError(
                "[telegram] enabled = true needs a token: give it to `frontdesk secret set telegram.token`, "
                "or set token_file, token or FRONTDESK_TELEGRAM__TOKEN."
            )
        if problem := problem_of_secret("telegram.token", token):
            raise ConfigError(problem)

    def read_login_secret(self) -> SecretStr | None:
        """The secret under which the shop's own site signs logins, in its file or kept; None when there is none."""
        if not self.web.login_secret_file:
            return self.kept.get("web.login_secret")
        path = self.path(self.web.login_secret_file)
        try:
            secret = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"[web] login_secret_file: {path} cannot be read ({_reason(error)}).") from error
        if len(secret.encode()) < _SHORTEST_SECRET:
            raise ConfigError(
                f"[web] login_secret_file: {path} should hold a secret of {_SHORTEST_SECRET} bytes or more."
            )
        return SecretStr(secret)

    def names(self, secret: str) -> bool:
        """Whether the configuration names this secret itself, by value or by file: that one wins over the one kept."""
        section, _, key = secret.partition(".")
        given = getattr(self, section)
        value = getattr(given, key, SecretStr(""))
        return bool(value.get_secret_value() or getattr(given, f"{key}_file", ""))

    def _article_path(self, name: str) -> Path:
        path = self.path(name)
        # The sample articles come with the program, wherever the configuration file lies.
        return _PROGRAM / name if name == SAMPLE_ARTICLES and not path.exists() else path


def problem_of_secret(name: str, value: str) -> str:
    """What is wrong with a secret's form, said without its value; "" when nothing is."""
    if name == "telegram.token" and not _TOKEN.fullmatch(value):
        return "The Telegram token should look like 123456:letters, as BotFather gave it; this one does not."
    if name == "web.login_secret" and len(value.encode()) < _SHORTEST_SECRET:
        return f"The secret that signs logins should have {_SHORTEST_SECRET} bytes or more."
    return ""


# ---- loading ----


class _Given(NamedTuple):
    """A value together with the words that tell the operator where it stands."""

    value: object
    place: str


_Key = tuple[str, str]
_NO_SECTIONS = ("folder", "kept")
_SECTIONS: dict[str, type[Any]] = {each.name: each.type for each in fields(Settings) if each.name not in _NO_SECTIONS}  # type: ignore[misc]
_KEYS = {section: [each.name for each in fields(kind)] for section, kind in _SECTIONS.items()}
_SETTINGS: TypeAdapter[Settings] = TypeAdapter(Settings)


def load_settings(path: Path | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """Read and check everything at once; without a path, a missing config.toml means the defaults."""
    wanted = path or DEFAULT_PATH
    problems: list[str] = []
    given: dict[_Key, _Given] = {}
    if path is not None or wanted.exists():
        given |= _from_file(wanted, problems)
    given |= _from_environment(environ, problems)
    sections: dict[str, dict[str, object]] = {}
    for (section, key), (value, _) in given.items():
        sections.setdefault(section, {})[key] = value
    settings = Settings()
    try:
        settings = _SETTINGS.validate_python({**sections, "folder": wanted.absolute().parent})
    except ValidationError as error:
        problems += dict.fromkeys(_sentence(detail, given, wanted) for detail in error.errors())
    if problems:
        raise ConfigError(*problems)
    return settings


def _from_file(path: Path, problems: list[str]) -> dict[_Key, _Given]:
    given: dict[_Key, _Given] = {}
    for section, table in _parse(path).items():
        if not isinstance(table, dict) and section in _KEYS:
            problems.append(f"{path}: {section} is a section: write [{section}] and its keys below.")
        elif not isinstance(table, dict):
            problems.append(_unknown(f"{path}: unknown key {section} outside any section", "", section))
        elif not table and section not in _KEYS:
            nearest = difflib.get_close_matches(section, _KEYS, 1, 0.0)[0]
            problems.append(f"{path}: unknown section [{section}]; the nearest known section is [{nearest}].")
        else:
            for key, value in table.items():
                if key in _KEYS.get(section, ()):
                    given[section, key] = _Given(value, f"{path}: [{section}] {key} = ")
                else:
                    problems.append(_unknown(f"{path}: unknown key [{section}] {key}", section, key))
    return given


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))  # some editors begin a file with a mark
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({_reason(error)}).") from error
    except tomllib.TOMLDecodeError as error:
        what, at_line, where = str(error).partition(" (at line ")
        line = f", line {where.split(',')[0]}" if at_line else ", at its end"
        raise ConfigError(f"{path}{line}: not valid TOML: {what}.") from error


def _from_environment(environ: Mapping[str, str], problems: list[str]) -> dict[_Key, _Given]:
    given: dict[_Key, _Given] = {}
    for name, value in sorted(environ.items()):
        parts = _VARIABLE.fullmatch(name)
        if parts is None:
            continue
        section, key = (part.lower() for part in parts.groups())
        if key in _KEYS.get(section, ()):
            given[section, key] = _Given(value, f"{name}=")
        else:
            problems.append(_unknown(f"{name}: unknown setting", section, key, "FRONTDESK_{}__{}"))
    return given


def _unknown(beginning: str, section: str, key: str, form: str = "[{}] {}") -> str:
    near_section, near_key = _nearest(section, key)
    nearest = form.format(near_section, near_key)
    return f"{beginning}; the nearest known key is {nearest.upper() if form[0] == 'F' else nearest}."


def _nearest(section: str, key: str) -> _Key:
    """A misspelt key of its own section, else the same key of another section, else what looks most alike."""
    if own := difflib.get_close_matches(key, _KEYS.get(section, ()), 1):
        return section, own[0]
    if same := [other for other, keys in _KEYS.items() if key in keys]:
        return difflib.get_close_matches(section, same, 1, 0.0)[0], key
    every = [f"{other}.{known}" for other, keys in _KEYS.items() for known in keys]
    near_section, _, near_key = difflib.get_close_matches(f"{section}.{key}", every, 1, 0.0)[0].partition(".")
    return near_section, near_key


def _sentence(detail: ErrorDetails, given: Mapping[_Key, _Given], path: Path) -> str:
    section, *keys = map(str, detail["loc"])
    if not keys:  # the values are fine one by one, but not together
        return f"{path}: [{section}] {detail.get('ctx', {}).get('error', detail['msg'])}"
    place = given[section, keys[0]]
    setting = next(each for each in fields(_SECTIONS[section]) if each.name == keys[0])
    expected = _SECTIONS[section].__pydantic_fields__[keys[0]].description
    shown = json.dumps(place.value, ensure_ascii=False, default=str) if setting.repr else "(hidden)"
    return f"{place.place}{shown}: expected {expected}."


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or "unknown reason"
    return "it is not UTF-8 text"
