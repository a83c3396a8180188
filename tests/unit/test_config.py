"""The settings: one reference, one order of sources, and a plain sentence for every mistake."""

import tomllib
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.engine import make_url

from bot.config import ConfigError, DatabaseSettings, Settings, TelegramSettings, WebSettings, load_settings

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "config.toml"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration file that does not exist until a test writes it."""
    return tmp_path / "config.toml"


def written(config: Path, text: str) -> Path:
    config.write_text(text, encoding="utf-8")
    return config


def problems(config: Path | None, environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load_settings(config, environ or {})
    assert str(caught.value) == "\n".join(caught.value.problems)
    return tuple(problem.removeprefix(f"{config}: ") for problem in caught.value.problems)


# ---- config.toml, the reference ----


def test_the_reference_names_every_setting_with_its_default() -> None:
    named = tomllib.loads(REFERENCE.read_text(encoding="utf-8"))

    sections = [each for each in fields(Settings) if each.name not in {"folder", "kept"}]
    assert {section: list(keys) for section, keys in named.items()} == {
        each.name: [key.name for key in fields(each.type)]  # type: ignore[arg-type]
        for each in sections
    }
    assert load_settings(REFERENCE, {}) == Settings(folder=ROOT)


def test_every_key_of_the_reference_has_one_line_of_comment() -> None:
    lines = REFERENCE.read_text(encoding="utf-8").splitlines()

    for above, line in zip(["", *lines], lines, strict=False):
        if "=" in line and not line.startswith("#"):
            assert above.startswith("# "), f"no comment above {line!r}"
            assert above.endswith("."), f"no sentence above {line!r}"


# ---- where a value comes from ----


def test_a_missing_default_file_means_the_defaults_of_this_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert load_settings(environ={}) == Settings(folder=tmp_path)


def test_the_default_file_is_read_where_it_exists(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(config, '[shop]\nname = "Tea"')
    monkeypatch.chdir(config.parent)

    assert load_settings(environ={}).shop.name == "Tea"


def test_a_file_that_was_named_must_exist(config: Path) -> None:
    assert problems(config) == ("cannot be read (No such file or directory).",)


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(config: Path) -> None:
    written(config, "[web]\nport = 8081\n[sending]\nper_second = 5")

    settings = load_settings(config, {"FRONTDESK_WEB__PORT": "8082"})

    assert (settings.web.port, settings.sending.per_second, settings.sending.per_group_per_minute) == (8082, 5, 20)


def test_a_right_value_of_the_environment_covers_a_wrong_one_of_the_file(config: Path) -> None:
    written(config, "[web]\nport = 'abc'")

    assert load_settings(config, {"FRONTDESK_WEB__PORT": "8082"}).web.port == 8082


@pytest.mark.parametrize(
    ("variable", "text", "value"),
    [
        ("SHOP__LANGUAGES", "zh, en, zh", ("zh", "en")),
        ("WEB__ENABLED", "false", False),
        ("TELEGRAM__STAFF_CHAT_ID", "-1001234567890", -1001234567890),
        ("TELEGRAM__STAFF_CHAT_ID", "", None),
        ("KNOWLEDGE__ARTICLES", "faq.md, more", ("faq.md", "more")),
        ("KNOWLEDGE__WRONG_ANSWERS_AT_MOST", "0.1", 0.1),
        ("MARKETING__QUIET_HOURS", "", None),
        ("MARKETING__QUIET_HOURS", "9:30 - 10:00", (time(9, 30), time(10))),
        ("LOG__LEVEL", "WARNING", "warning"),
        ("WEB__BASE_URL", "https://help.example.com/", "https://help.example.com"),
    ],
)
def test_the_environment_can_say_everything_as_text(variable: str, text: str, value: object) -> None:
    settings = load_settings(REFERENCE, {f"FRONTDESK_{variable}": text})

    section, key = variable.lower().split("__")
    assert getattr(getattr(settings, section), key) == value


def test_other_variables_are_no_settings() -> None:
    environ = {"FRONTDESK_TEST_REQUIRE": "browser", "FRONTDESK": "1", "PATH": "/bin", "OTHER__KEY": "1"}

    assert load_settings(REFERENCE, environ) == Settings(folder=ROOT)


def test_a_file_may_begin_with_a_byte_order_mark(config: Path) -> None:
    config.write_bytes(b"\xef\xbb\xbf[web]\nport = 9000")

    assert load_settings(config, {}).web.port == 9000


# ---- mistakes ----


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[web]\nprot = 1", "unknown key [web] prot; the nearest known key is [web] port."),
        ("[web]\ntoken = 'x'", "unknown key [web] token; the nearest known key is [telegram] token."),
        ("[shopp]\nname = 'x'", "unknown key [shopp] name; the nearest known key is [shop] name."),
        ("[shopp]", "unknown section [shopp]; the nearest known section is [shop]."),
        ("port = 1", "unknown key port outside any section; the nearest known key is [web] port."),
        ("web = 1", "web is a section: write [web] and its keys below."),
        ("[shop]\nname = ''", '[shop] name = "": expected a name.'),
        ("[shop]\nname = 5", "[shop] name = 5: expected a name."),
        ("[shop]\nlanguages = []", '[shop] languages = []: expected a list of "en", "zh" or both.'),
        ("[shop]\nlanguages = ['fr']", '[shop] languages = ["fr"]: expected a list of "en", "zh" or both.'),
        (
            "[shop]\ntime_zone = 'Mars/Base'",
            '[shop] time_zone = "Mars/Base": expected an IANA time zone such as "Asia/Shanghai".',
        ),
        (
            "[shop]\ntime_zone = '../zone'",
            '[shop] time_zone = "../zone": expected an IANA time zone such as "Asia/Shanghai".',
        ),
        ("[web]\nenabled = 'perhaps'", '[web] enabled = "perhaps": expected true or false.'),
        ("[web]\nhost = ''", '[web] host = "": expected a host name or an address.'),
        ("[web]\nport = 'abc'", '[web] port = "abc": expected a whole number from 0 to 65535.'),
        ("[web]\nport = 65536", "[web] port = 65536: expected a whole number from 0 to 65535."),
        ("[web]\nport = true", "[web] port = true: expected a whole number from 0 to 65535."),
        (
            "[web]\nbase_url = 'help.example'",
            '[web] base_url = "help.example": expected an address that starts with http:// or https://, or nothing.',
        ),
        ("[telegram]\nlibrary = 'x'", '[telegram] library = "x": expected "aiogram" or "python-telegram-bot".'),
        (
            "[telegram]\napi_base = ''",
            '[telegram] api_base = "": expected an address that starts with http:// or https://.',
        ),
        ("[telegram]\nmode = 'push'", '[telegram] mode = "push": expected "polling".'),
        ("[telegram]\nmode = 'webhook'", '[telegram] mode = "webhook" is not built yet; use "polling".'),
        (
            "[telegram]\nstaff_chat_id = '@group'",
            '[telegram] staff_chat_id = "@group": expected a chat id such as -1001234567890, or nothing.',
        ),
        (
            "[knowledge]\narticles = []",
            "[knowledge] articles = []: expected the path of a folder or a file, or a list of them.",
        ),
        (
            "[knowledge]\nwrong_answers_at_most = 5",
            "[knowledge] wrong_answers_at_most = 5: expected a share from 0 to 1, such as 0.05.",
        ),
        ("[sending]\nper_second = 0", "[sending] per_second = 0: expected a number above 0."),
        ("[sending]\nper_second = inf", "[sending] per_second = Infinity: expected a number above 0."),
        ("[receiving]\nper_minute = 0", "[receiving] per_minute = 0: expected a whole number from 1."),
        ("[vault]\nkey_file = ''", '[vault] key_file = "": expected the path of a file.'),
        (
            "[tickets]\nunclaimed_after_minutes = 0",
            "[tickets] unclaimed_after_minutes = 0: expected a whole number from 1.",
        ),
        ("[marketing]\nweekly_cap = -1", "[marketing] weekly_cap = -1: expected a whole number from 0."),
        (
            "[marketing]\nquiet_hours = '21-9'",
            '[marketing] quiet_hours = "21-9": expected a span of hours such as "21:00-09:00", or nothing.',
        ),
        (
            "[marketing]\nquiet_hours = '25:00-09:00'",
            '[marketing] quiet_hours = "25:00-09:00": expected a span of hours such as "21:00-09:00", or nothing.',
        ),
        (
            "[marketing]\nquiet_hours = '09:00-09:00'",
            '[marketing] quiet_hours = "09:00-09:00": expected a span of hours such as "21:00-09:00", or nothing.',
        ),
        (
            "[followups]\nafter_resolved_days = 1.5",
            "[followups] after_resolved_days = 1.5: expected a whole number from 0.",
        ),
        ("[log]\nlevel = 'loud'", '[log] level = "loud": expected "debug", "info", "warning" or "error".'),
    ],
)
def test_a_mistake_in_the_file_is_answered_with_a_sentence(config: Path, text: str, sentence: str) -> None:
    assert problems(written(config, text)) == (sentence,)


@pytest.mark.parametrize(
    ("variable", "text", "sentence"),
    [
        ("WEB__PORT", "abc", 'FRONTDESK_WEB__PORT="abc": expected a whole number from 0 to 65535.'),
        (
            "WEB__PROT",
            "1",
            "FRONTDESK_WEB__PROT: unknown setting; the nearest known key is FRONTDESK_WEB__PORT.",
        ),
        ("SHOP__NAME", "", 'FRONTDESK_SHOP__NAME="": expected a name.'),
    ],
)
def test_a_mistake_in_the_environment_names_the_variable(variable: str, text: str, sentence: str) -> None:
    assert problems(REFERENCE, {f"FRONTDESK_{variable}": text}) == (sentence,)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("[web\n", ", line 1: not valid TOML: "),
        ("[web]\nport =\n", ", line 2: not valid TOML: "),
        ('[web]\nhost = """', ", at its end: not valid TOML: "),
    ],
)
def test_a_file_that_is_not_toml_is_answered_with_the_line(config: Path, text: str, where: str) -> None:
    (problem,) = problems(written(config, text))

    assert problem.startswith(f"{config}{where}")


def test_a_file_that_is_no_text_is_refused(config: Path) -> None:
    config.write_bytes(b"[shop]\nname = '\xff\xfe'")

    assert problems(config) == ("cannot be read (it is not UTF-8 text).",)


def test_all_mistakes_are_told_at_once(config: Path) -> None:
    written(config, "[web]\nprot = 1\nport = 'abc'\n[log]\nlevel = 'loud'")

    assert len(problems(config, {"FRONTDESK_SHOP__TIME_ZONE": "Mars"})) == 4


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_no_text_in_the_environment_raises_anything_but_a_sentence(text: str) -> None:
    reference = tomllib.loads(REFERENCE.read_text(encoding="utf-8"))
    variables = [f"FRONTDESK_{section}__{key}".upper() for section, keys in reference.items() for key in keys]

    sentences = problems(REFERENCE, dict.fromkeys(variables, text))

    assert all(": expected " in sentence for sentence in sentences)


# ---- secrets ----


@pytest.mark.parametrize(
    "text",
    [
        "[telegram]\ntoken = ['s3cret']",
        "[telegram]\nwebhook_secret = {a = 's3cret'}",
        "[database]\nurl = 'mysql://root:s3cret@host/shop'",
        "[telegram]\ntokn = 's3cret'",
    ],
)
def test_a_secret_is_never_repeated_in_a_problem(config: Path, text: str) -> None:
    assert "s3cret" not in "".join(problems(written(config, text)))


def test_a_secret_is_never_shown_with_the_settings(config: Path) -> None:
    written(
        config,
        "[telegram]\ntoken = 's3cret'\nwebhook_secret = 's3cret'\n[database]\nurl = 'postgresql+psycopg://a:s3cret@h/d'",
    )

    settings = load_settings(config, {})

    assert "s3cret" not in repr(settings) + str(settings.database_url)
    assert settings.read_token().get_secret_value() == "s3cret"


def test_the_token_file_is_read_when_the_token_is_wanted(config: Path) -> None:
    settings = load_settings(written(config, "[telegram]\nenabled = true\ntoken_file = 'token'"), {})
    (config.parent / "token").write_text("123:abc\n", encoding="utf-8")

    assert settings.read_token().get_secret_value() == "123:abc"


def test_a_token_that_is_set_wins_over_the_token_file(config: Path) -> None:
    written(config, "[telegram]\ntoken_file = 'nowhere'")

    settings = load_settings(config, {"FRONTDESK_TELEGRAM__TOKEN": "123:abc"})

    assert settings.read_token().get_secret_value() == "123:abc"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "cannot be read (No such file or directory)."),
        ("", "should hold one token and nothing else."),
        ("token = 123:abc", "should hold one token and nothing else."),
    ],
)
def test_a_token_file_without_a_token_is_refused(tmp_path: Path, content: str | None, sentence: str) -> None:
    if content is not None:
        (tmp_path / "token").write_text(content, encoding="utf-8")
    settings = Settings(folder=tmp_path, telegram=TelegramSettings(token_file="token"))

    with pytest.raises(ConfigError, match="token_file") as caught:
        settings.read_token()

    assert str(caught.value).endswith(sentence)


# ---- what follows from the settings ----


def test_relative_paths_start_from_the_configuration_file(config: Path) -> None:
    written(config, "[vault]\nkey_file = 'keys/master'\n[knowledge]\narticles = ['faq.md', '/srv/faq']")

    settings = load_settings(config, {})

    folder = config.parent
    assert settings.key_file == folder / "keys/master"
    assert settings.article_paths == (folder / "faq.md", Path("/srv/faq"))
    assert settings.database_url.database == str(folder / "var/frontdesk.db")


def test_the_sample_articles_come_with_the_program(tmp_path: Path) -> None:
    assert Settings(folder=tmp_path).article_paths == (ROOT / "knowledge_base/sample/articles",)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite+aiosqlite:///:memory:",
        "sqlite+aiosqlite://",
        "sqlite+aiosqlite:////srv/shop.db",
        "postgresql+psycopg://host/shop",
    ],
)
def test_a_database_url_without_a_relative_path_stays_as_it_is(tmp_path: Path, url: str) -> None:
    settings = Settings(folder=tmp_path, database=DatabaseSettings(url=url))

    assert settings.database_url == make_url(url)


@pytest.mark.parametrize(
    ("web", "address"),
    [
        (WebSettings(), "http://127.0.0.1:8080"),
        (WebSettings(host="0.0.0.0", port=80), "http://127.0.0.1:80"),
        (WebSettings(host="::"), "http://[::1]:8080"),
        (WebSettings(host="fd00::1"), "http://[fd00::1]:8080"),
        (WebSettings(base_url="https://help.example.com/tea/"), "https://help.example.com/tea"),
    ],
)
def test_the_base_url_is_derived_where_none_is_set(web: WebSettings, address: str) -> None:
    assert replace(Settings(), web=web).base_url == address


def test_the_zone_is_the_shops() -> None:
    assert load_settings(REFERENCE, {"FRONTDESK_SHOP__TIME_ZONE": "Asia/Shanghai"}).zone.key == "Asia/Shanghai"
