"""The look keeps its promises: contrast of every pair in use, and the same sentences in both languages."""

import re

import pytest

from bot.web.pages import STATIC
from bot.web.texts import LANGUAGES, sentences

PAIRS = [
    *((ink, ground) for ink in ("ink", "ink2", "ink3") for ground in ("paper", "surface")),
    *((ink, "sunk") for ink in ("ink", "ink2", "ink3")),
    *((ink, "soft") for ink in ("ink", "ink2", "on-soft")),
    ("accent", "paper"),
    ("accent", "surface"),
    ("accent", "soft"),
    ("on-accent", "accent"),
    ("on-own", "own"),
    ("on-note", "note"),
    ("note-quiet", "note"),
    ("on-note-edge", "note-edge"),
    ("on-sand", "sand"),
    ("paper", "ink"),
    *((tone, ground) for tone in ("warn", "bad") for ground in ("paper", "surface", "soft", f"{'{'}0{'}'}-ground")),
    ("ink2", "warn-ground"),
    ("ink2", "bad-ground"),
]


def _tokens() -> dict[str, tuple[str, str]]:
    css = (STATIC / "tokens.css").read_text(encoding="utf-8")
    found = re.findall(r"--([\w-]+): light-dark\(#(\w{6}), #(\w{6})\)", css)
    return {name: (light, dark) for name, light, dark in found}


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast of two colours."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(("ink", "ground"), PAIRS)
@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_words_stand_out_from_their_ground(ink: str, ground: str, theme: int) -> None:
    """At least 4.5 : 1, in both themes."""
    tokens = _tokens()
    ground = ground.format(ink)

    assert contrast(tokens[ink][theme], tokens[ground][theme]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_the_edge_of_a_control_stands_out(theme: int) -> None:
    """At least 3 : 1 for borders of controls and for the ring of the focus."""
    tokens = _tokens()
    for ground in ("paper", "surface"):
        assert contrast(tokens["border"][theme], tokens[ground][theme]) >= 3
        assert contrast(tokens["accent"][theme], tokens[ground][theme]) >= 3


def test_the_tokens_are_the_looks() -> None:
    """A few of them by value, so that nobody shifts the palette unnoticed."""
    tokens = _tokens()
    assert tokens["paper"] == ("F7F4ED", "181713")
    assert tokens["accent"] == ("17594A", "7FC7AB")
    assert tokens["note"] == ("FFF0C2", "3B3014")


def test_every_sentence_exists_in_every_language() -> None:
    """The same keys, the same values to fill in, and nothing empty."""
    spoken = {language: sentences(language) for language in LANGUAGES}
    english = spoken["en"]
    for language, words in spoken.items():
        assert list(words) == list(english), language
        for key, sentence in words.items():
            assert sentence.strip(), (language, key)
            places = set(re.findall(r"\{(\w+)\}", sentence))
            assert places <= set(re.findall(r"\{(\w+)\}", english[key])) | {"count"}, (language, key)


def test_every_key_that_the_client_asks_for_exists() -> None:
    """A literal key in a script or a template is a sentence in the texts."""
    folder = STATIC.parent
    sources = "\n".join(
        path.read_text(encoding="utf-8") for path in [*STATIC.glob("*.js"), *(folder / "templates").glob("*.html")]
    )
    asked = set(re.findall(r"""\bt\(["']([a-z_.]+)["']""", sources))
    asked |= set(re.findall(r"""words\[["']([a-z_.]+)["']\]""", sources))
    asked |= set(re.findall(r'data-t(?:-label|-placeholder)?="([a-z_.]+)"', sources))

    assert asked
    assert asked <= set(sentences("en"))


def test_the_client_holds_no_sentences_and_no_markup_from_words() -> None:
    """No innerHTML anywhere, no inline handlers, nothing from another host."""
    for path in STATIC.glob("*.js"):
        source = path.read_text(encoding="utf-8")
        assert "innerHTML" not in source, path.name
        assert "insertAdjacentHTML" not in source, path.name
        assert not re.search(r"https?://(?!www\.w3\.org)[\w]", source), path.name
