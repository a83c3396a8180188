"""The sentences of the pages: one JSON file per language, the same keys in each."""

import json
from functools import cache
from pathlib import Path

TEXTS = Path(__file__).parent / "texts"
LANGUAGES = {"en": "English", "zh": "中文"}  # each in its own words, as the switch shows them


@cache
def sentences(language: str) -> dict[str, str]:
    """Every sentence of one language."""
    loaded: dict[str, str] = json.loads((TEXTS / f"{language}.json").read_text(encoding="utf-8"))
    return loaded


def pick_language(accepted: str, offered: tuple[str, ...]) -> str:
    """The first offered language that an Accept-Language header names, else the shop's first."""
    known = [language for language in offered if language in LANGUAGES] or ["en"]
    for part in accepted.split(","):
        base = part.split(";")[0].strip().lower().split("-")[0]
        if base in known:
            return base
    return known[0]
