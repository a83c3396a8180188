"""Every sentence the bot says, in Fluent files: one folder per language, the same keys in each."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from fluent.runtime import FluentBundle, FluentResource

FOLDER = Path(__file__).parent
LANGUAGES = ("en", "zh")


class Texts:
    """Says a key in a language; a language that the shop does not speak gets the shop's first one."""

    def __init__(self, languages: tuple[str, ...] = LANGUAGES) -> None:
        self.languages = languages
        self._bundles = {language: _bundle(language) for language in languages}

    def say(self, language: str, key: str, /, **values: Any) -> str:
        """The sentence for `key`; a key that no file has raises KeyError, so a test finds it."""
        bundle = self._bundles[self.spoken(language)]
        message = bundle.get_message(key)
        if message.value is None:
            raise KeyError(key)
        text, errors = bundle.format_pattern(message.value, values)
        if errors:
            raise errors[0]
        return str(text)

    def spoken(self, language: str) -> str:
        """The shop's language nearest to a hint such as "zh-hans-CN"."""
        short = language.lower().replace("_", "-").split("-")[0]
        return short if short in self._bundles else self.languages[0]


@lru_cache
def _bundle(language: str) -> FluentBundle:
    bundle = FluentBundle([language], use_isolating=False)
    for file in sorted((FOLDER / language).glob("*.ftl")):
        bundle.add_resource(FluentResource(file.read_text(encoding="utf-8")))
    return bundle
