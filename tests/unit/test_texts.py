"""The sentences: the same keys in every language, every key used, every key that the code wants there."""

import re
from pathlib import Path

import pytest
from fluent.syntax import FluentParser, ast

from bot import handlers
from bot.handlers.help import menu
from bot.texts import FOLDER, LANGUAGES, Texts
from crm_core import gaps
from crm_core.follow_ups import FollowUpKind
from crm_core.models import STAFF_ROLES, ArticleState, CampaignState, OrderState, Role, Stage
from crm_core.segments import FIELDS
from crm_core.segments.tree import Named, Unit
from knowledge_base import Decision

ROOT = Path(__file__).resolve().parents[2]
_MATCHER = (ROOT / "knowledge_base" / "matcher.py").read_text(encoding="utf-8")

# Keys that the code puts together from a word of the records.
_MADE = {
    *(f"role-{role}" for role in STAFF_ROLES),
    *(f"{what}-{place}" for what in ("place", "button-continue") for place in ("telegram", "webchat", "memory")),
    *(f"place-{place}" for place in ("everywhere", "shop")),
    *(f"privacy-{what}" for what in ("messages", "files", "contacts", "notes", "orders", "tickets")),
    *(f"merge-because-{reason}" for reason in ("phone", "email", "order")),
    *(f"merge-field-{field}" for field in ("name", "birthday", "company", "language", "time-zone")),
    *(f"campaign-{state}" for state in CampaignState),
    *(f"follow-up-{kind.replace('_', '-')}" for kind in FollowUpKind),
    *(f"button-{act}" for act in ("pause", "resume", "cancel")),
    *(f"article-state-{state}" for state in ArticleState),
    *(f"gap-state-{state}" for state in (gaps.OPEN, gaps.CLOSED)),
    *(f"decided-{decision}" for decision in Decision),
    *(f"segment-field-{name.replace('_', '-')}" for name in FIELDS),
    *(f"segment-{way}{op}" for way in ("", "day-", "ago-") for op in ("is", "is-not", "less", "most", "more", "least")),
    *(f"segment-{word.replace(' ', '-')}" for words in (Unit, Named) for word in words),
    *(f"segment-{word}" for word in ("among", "known", "unknown", "yes", "no")),
    *(f"threshold-{source}" for source in ("shipped", "judged")),
    *(f"stage-{stage.replace('_', '-')}" for stage in Stage),
    *(f"order-state-{state}" for state in OrderState),
}
_ROOMS = ("bot", "bot/handlers", "crm_core", "crm_core/segments")
_MADE_FROM = (
    "help-",
    "risk-",
    "reason-",
    "why-",
    "version-",
    "left-out-",
    "field-",
    "timeline-",
    "customer-how-",
    "step-",
)


def messages(language: str) -> dict[str, set[str]]:
    """Every key of a language with the variables in its sentence."""
    found: dict[str, set[str]] = {}
    for file in sorted((FOLDER / language).glob("*.ftl")):
        for entry in FluentParser().parse(file.read_text(encoding="utf-8")).body:
            assert not isinstance(entry, ast.Junk), f"{file.name}: {entry.content}"
            if isinstance(entry, ast.Message):
                assert entry.id.name not in found, f"{entry.id.name} stands twice"
                found[entry.id.name] = variables(entry)
    return found


def variables(entry: ast.Message) -> set[str]:
    """The variables that a sentence wants."""
    names: set[str] = set()
    todo: list[object] = [entry]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.VariableReference):
            names.add(node.id.name)
        if isinstance(node, ast.BaseNode):
            todo += [value for value in vars(node).values() if isinstance(value, ast.BaseNode | list)]
        elif isinstance(node, list):
            todo += node
    return names


def wanted() -> set[str]:
    """Every key that stands in the code as a word of its own."""
    found: set[str] = set()
    for path in [path for folder in _ROOMS for path in (ROOT / folder).glob("*.py")]:
        found |= set(re.findall(r"[\"']([a-z-]+)[\"']", path.read_text(encoding="utf-8")))
    return found


def test_both_languages_have_the_same_keys_with_the_same_variables() -> None:
    english, chinese = messages("en"), messages("zh")

    assert english.keys() == chinese.keys()
    differing = {key for key in english if english[key] != chinese[key]}
    # Chinese has no plural: it may leave the number out of a choice, never the other way round.
    assert {key for key in differing if not chinese[key] <= english[key]} == set()


def test_every_key_is_used() -> None:
    unused = messages("en").keys() - wanted() - refusals() - _MADE

    assert {key for key in unused if not key.startswith(_MADE_FROM)} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_key_that_the_code_makes_from_a_word_is_there(language: str) -> None:
    assert messages(language).keys() >= _MADE


def said_in_code() -> set[str]:
    """The keys given to say(), reply(), button() and their like as plain words."""
    calls = r"(?:\bsay|\breply|\bbutton|_offer_person|tell_admins|tell_colleague)\(\s*(?:[\w.]+,\s*)*\"([a-z-]+)\""
    found: set[str] = set()
    for path in [*(ROOT / "bot").glob("*.py"), *(ROOT / "bot/handlers").glob("*.py")]:
        found |= set(re.findall(calls, path.read_text(encoding="utf-8")))
    return found


def test_every_key_that_the_code_says_is_there() -> None:
    assert len(said_in_code()) > 60
    assert said_in_code() - messages("en").keys() == set()


def refusals() -> set[str]:
    """The keys of what verbs refuse."""
    paths = [path for folder in ("crm_core", "crm_core/rules") for path in (ROOT / folder).glob("*.py")]
    texts = [path.read_text(encoding="utf-8") for path in paths]
    return {key.replace("_", "-") for text in texts for key in re.findall(r'Refused\(\s*"([a-z_-]+)"', text)}


def test_every_refusal_of_a_verb_has_its_sentence() -> None:
    assert len(refusals()) >= 30
    assert refusals() <= messages("en").keys()


def test_every_reason_of_the_matcher_and_of_tickets_has_its_sentence() -> None:
    """A card says why a ticket was opened, whatever the reason."""
    docstring = re.search(r"`reason` is a key:(.*?)\"\"\"", _MATCHER, re.DOTALL)
    assert docstring is not None
    of_matches = set(re.findall(r'"([a-z_]+)"', docstring[1]))
    answered = {"sure", "same_words", "no_words", "empty"} | {one for one in of_matches if one.startswith("smalltalk_")}
    of_tickets = set(re.findall(r'escalate\(turn, "([a-z_]+)"\)', (ROOT / "bot/handlers/ask.py").read_text("utf-8")))

    reasons = of_matches - answered | of_tickets

    assert {"weak", "asked_for_person", "attachment", "busy"} <= reasons
    assert {f"reason-{one.replace('_', '-')}" for one in reasons} <= messages("en").keys()


def test_every_reason_of_the_matcher_is_explained_to_staff() -> None:
    """Whatever it decided, "Why?" has a sentence for it."""
    docstring = re.search(r"`reason` is a key:(.*?)\"\"\"", _MATCHER, re.DOTALL)
    assert docstring is not None
    reasons = set(re.findall(r'"([a-z_]+)"', docstring[1]))

    assert {f"why-{one.replace('_', '-')}" for one in reasons} <= messages("en").keys()


def test_every_act_of_a_version_has_its_words() -> None:
    text = (ROOT / "crm_core" / "articles.py").read_text(encoding="utf-8")
    table = re.search(r"_AUDITED = \{(.*?)\}", text, re.DOTALL)
    assert table is not None
    acts = set(re.findall(r'"([a-z]+)":', table[1])) | {"imported"}

    assert {f"version-{act}" for act in acts} <= messages("en").keys()


def test_every_reason_why_somebody_is_left_out_has_its_sentence() -> None:
    found: set[str] = set()
    for name in ("crm_core/campaigns.py", "crm_core/rules/marketing.py", "crm_core/outbox.py"):
        text = (ROOT / name).read_text(encoding="utf-8")
        found |= set(re.findall(r'(?:suppress|excluded|reason)\s?=\s?"([a-z_]+)"', text))
        found |= set(re.findall(r'"(no_address|no_text|blocked|unreachable)"', text))
    found -= {"resent"}

    assert {"no_consent", "opted_out", "weekly_cap", "cancelled", "erased"} <= found
    assert {f"left-out-{one.replace('_', '-')}" for one in found} <= messages("en").keys()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("role", Role)
def test_every_command_has_a_line_of_help(language: str, role: Role) -> None:
    lines = menu(Texts(), language, role, goes_on=True)

    assert lines
    assert all(line for _, line in lines)
    assert {name for name, _ in lines} <= handlers.COMMANDS.keys()


def test_a_missing_key_is_an_error_and_a_strange_language_is_not() -> None:
    texts = Texts(("en", "zh"))

    with pytest.raises(LookupError):
        texts.say("en", "no-such-key")
    assert [texts.spoken(hint) for hint in ("zh-hans-CN", "ZH_tw", "en-GB", "fr", "", "\ud800")] == [
        "zh", "zh", "en", "en", "en", "en",
    ]  # fmt: skip


def test_a_value_may_have_any_name() -> None:
    """A sentence may speak of a language or a key of its own."""
    assert Texts().say("en", "campaign-ask-text", language="Dutch") == "Please write the message in Dutch."
