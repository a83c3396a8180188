"""Words that mean the same in this shop, in groups for each language."""

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import delete, select

from crm_core import audit
from crm_core.models import SynonymGroup
from crm_core.rules.knowledge import KnowledgeRefused
from crm_core.storage.ids import new_id
from crm_core.work import Work

MOST_GROUPS: Final = 500  # of one language
MOST_WORDS: Final = 20  # of one group
LONGEST_WORD: Final = 60  # characters; several words in a row may stand for one


async def groups(work: Work) -> dict[str, list[tuple[str, ...]]]:
    """Language -> its groups, as a matcher takes them."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for row in await work.session.scalars(select(SynonymGroup).order_by(SynonymGroup.language, SynonymGroup.id)):
        found.setdefault(row.language, []).append(tuple(row.words))
    return found


async def listed(work: Work, language: str) -> Sequence[SynonymGroup]:
    """The groups of one language, oldest first."""
    statement = select(SynonymGroup).where(SynonymGroup.language == language).order_by(SynonymGroup.id)
    return (await work.session.scalars(statement)).all()


async def replace(work: Work, language: str, groups: Iterable[Iterable[str]], staff_id: int | None) -> int:
    """Let these be all the groups of a language; how many there are. KnowledgeRefused leaves the old ones."""
    wanted = [_in_order(words) for words in groups]
    if len(wanted) > MOST_GROUPS:
        raise KnowledgeRefused("synonyms_many_groups", language=language, length=len(wanted), most=MOST_GROUPS)
    seen: set[str] = set()
    for words in wanted:
        _check_new(words, seen)
        seen |= set(map(_plain, words))
    if [tuple(row.words) for row in await listed(work, language)] == wanted:
        return len(wanted)
    await work.session.execute(delete(SynonymGroup).where(SynonymGroup.language == language))
    for words in wanted:
        _store(work, language, words)
    await _settled(work, language, staff_id, groups=len(wanted))
    return len(wanted)


async def add(work: Work, language: str, words: Iterable[str], staff_id: int | None) -> SynonymGroup:
    """One more group; KnowledgeRefused when a word stands in another one already, or when it is out of bounds."""
    wanted = _in_order(words)
    there = await listed(work, language)
    if len(there) >= MOST_GROUPS:
        raise KnowledgeRefused("synonyms_many_groups", language=language, length=len(there) + 1, most=MOST_GROUPS)
    _check_new(wanted, {_plain(str(word)) for row in there for word in row.words})
    row = _store(work, language, wanted)
    await _settled(work, language, staff_id, group=row.id)
    return row


async def remove(work: Work, group_id: int, staff_id: int | None) -> SynonymGroup:
    """Take a group away and return what it was; KnowledgeRefused when it is gone already."""
    row = await work.session.get(SynonymGroup, group_id)
    if row is None:
        raise KnowledgeRefused("synonyms_gone")
    await work.session.delete(row)
    await _settled(work, row.language, staff_id, group=row.id)
    return row


def _in_order(words: Iterable[str]) -> tuple[str, ...]:
    spaced = (" ".join(word.split()) for word in words)
    found = tuple({_plain(word): word for word in spaced if word}.values())
    if len(found) < 2:
        raise KnowledgeRefused("synonyms_few", word=found[0][:LONGEST_WORD] if found else "")
    if len(found) > MOST_WORDS:
        raise KnowledgeRefused("synonyms_many_words", word=found[0][:LONGEST_WORD], length=len(found), most=MOST_WORDS)
    for word in found:
        if len(word) > LONGEST_WORD:
            raise KnowledgeRefused(
                "synonyms_long_word", word=f"{word[:LONGEST_WORD]}…", length=len(word), most=LONGEST_WORD
            )
    return found


def _check_new(words: tuple[str, ...], known: set[str]) -> None:
    for word in words:
        if _plain(word) in known:
            raise KnowledgeRefused("synonyms_known", word=word)


def _plain(word: str) -> str:
    return unicodedata.normalize("NFKC", word).casefold()


def _store(work: Work, language: str, words: tuple[str, ...]) -> SynonymGroup:
    row = SynonymGroup(id=new_id(), language=language[:40], words=list(words), changed_at=work.now)
    work.session.add(row)
    return row


async def _settled(work: Work, language: str, staff_id: int | None, **detail: int) -> None:
    work.synonyms.add(language)
    audit.enter(work, staff_id, "synonyms.change", f"synonyms:{language}"[:190], **detail)
    await work.session.flush()
