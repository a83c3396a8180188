"""Articles in the chat: how one stands, publishing with a rehearsal, earlier versions, synonyms and reports."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from crm_core import articles, conversations
from crm_core.models import Article, AuditEntry, Interaction, Kind, SynonymGroup
from crm_core.rules.knowledge import Draft, draft_from
from knowledge_base.calibration import Calibration
from knowledge_base.replay import Example, JudgedQuestion, Replay
from tests.builders import House, Person


class Rehearsal:
    """The house's own articles, with a replay that a test chose; remembers what it was asked."""

    def __init__(self, house: House, **outcome: Sequence[object]) -> None:
        self._book = house.app.book
        self._outcome = outcome
        self.drafts: list[Draft] = []
        self.judged: list[str] = []
        self.calibration: Calibration | None = None

    def __getattr__(self, name: str) -> object:
        return getattr(self._book, name)

    async def replay(self, draft: Draft, judged: Sequence[JudgedQuestion]) -> Replay:
        self.drafts.append(draft)
        self.judged = [one.text for one in judged]
        empty: dict[str, Sequence[object]] = dict.fromkeys(
            (
                "newly_answered", "put_right", "held_back", "now_wrong", "no_longer_answered", "turned_wrong",
                "failing_examples", "broken_examples",
            ),
            (),
        )  # fmt: skip
        return Replay(**{**empty, **self._outcome}, judged=len(judged))  # type: ignore[arg-type]


def rehearse(house: House, **outcome: Sequence[object]) -> Rehearsal:
    """From now on every change of an article would do this."""
    rehearsal = Rehearsal(house, **outcome)
    house.read_from(rehearsal)  # type: ignore[arg-type]  # the book answers what the rehearsal does not
    return rehearsal


async def draft(house: House, slug: str = "kettle") -> Person:
    """A draft on record, and a supervisor."""
    async with house.app.records.write() as work:
        await articles.save(
            work,
            Draft(
                slug=slug,
                language="en",
                title="Kettles",
                category="",
                phrasings=("do you sell kettles",),
                answer="We do.",
                state="draft",
            ),
            None,
        )
    return await house.colleague("Mia", "supervisor")


async def state_of(house: House, slug: str = "kettle") -> str:
    """Whether customers get it."""
    (row,) = await house.rows(Article, Article.slug == slug)
    return str(row.state)


async def test_an_article_shows_what_it_says_how_it_stands_and_how_it_does(house: House) -> None:
    mia = await draft(house)

    (heard,) = await mia.says("/article kettle")

    assert heard == (
        "Kettles (kettle, English)\nDraft: customers do not get it yet, version 1\nThere is none in 中文 yet.\n"
        "One phrasing: do you sell kettles\n\nWe do.\n\nNot shown in the last 30 days."
    )
    assert mia.labels == ["Publish", "Archive", "Earlier versions"]


async def test_the_scorecard_stands_on_the_article(house: House) -> None:
    mia, ana = await house.colleague("Mia", "supervisor"), house.customer()
    await ana.says("refund please")
    await ana.presses("Not quite")

    (heard,) = await mia.says("/article refund")

    assert "Shown 1, helped 0, not helped 1," in heard
    assert mia.labels == ["Archive", "Earlier versions"]


async def test_the_other_language_is_asked_for_by_name(house: House) -> None:
    mia = await house.colleague("Mia", "supervisor")

    assert (await mia.says("/article refund zh"))[0].startswith("退款 (refund, 中文)")
    assert (await mia.says("/article track zh")) == [
        "There is no article “track” in Chinese. “Why?” names the nearest ones with their ids."
    ]
    assert (await mia.says("/article"))[0].endswith("There are 4: cancel · delivery · refund · track")


async def test_publishing_rehearses_first_and_says_what_it_changes(house: House) -> None:
    """The draft as it would be published is tried on what staff judged within the last month."""
    mia = await draft(house)
    rehearsal = rehearse(house, newly_answered=(1, 2, 3))
    await mia.says("/article kettle")

    (heard,) = await mia.presses("Publish")

    assert heard.splitlines()[0] == "“kettle” is published."
    assert "3 newly answered, 0 now wrong, 0 no longer answered." in heard
    assert [(one.slug, one.state) for one in rehearsal.drafts] == [("kettle", "published")]
    assert await state_of(house) == "published"


async def test_a_regression_is_warned_of_and_wants_a_second_word(house: House) -> None:
    """The question that would go wrong is quoted, nothing is changed, and the look is in the audit log."""
    mia = await draft(house)
    await house.customer().says("refund please")
    (asked,) = await house.rows(Interaction, Interaction.kind == Kind.MESSAGE, Interaction.decision.is_not(None))
    broken = Example("refund", "en", "money back", must=True)
    rehearse(house, now_wrong=(asked.id,), turned_wrong=(asked.id,), broken_examples=(broken,))
    await mia.says("/article kettle")

    (warned,) = await mia.presses("Publish")

    assert warned.startswith("Nothing is changed yet.")
    assert "1 now wrong" in warned
    assert "Now wrong: “refund please”" in warned
    assert "No longer the first for “refund”, as its example wants: “money back”" in warned
    assert await state_of(house) == "draft"
    assert await house.rows(AuditEntry, AuditEntry.act == "judgement.read")

    assert await mia.presses("Publish anyway") == ["“kettle” is published."]
    assert await state_of(house) == "published"


async def test_an_article_that_fails_its_own_example_is_warned_of(house: House) -> None:
    """It never held, so nothing breaks; who publishes it has to know all the same. Others' old failures are no news."""
    mia = await draft(house)
    own, other = Example("kettle", "en", "boil water", must=True), Example("refund", "en", "money back", must=True)
    rehearse(house, failing_examples=(own, other))
    await mia.says("/article kettle")

    (warned,) = await mia.presses("Publish")

    assert warned.splitlines() == [
        "Nothing is changed yet. The article does not do what its own examples want:",
        "Not the first for “kettle”, as its example wants: “boil water”",
    ]
    assert await state_of(house) == "draft"
    assert await mia.presses("Publish anyway") == ["“kettle” is published."]


async def test_an_old_failure_elsewhere_holds_nothing_back(house: House) -> None:
    """It failed before and fails now: no change, and no figures of no judged question."""
    mia = await draft(house)
    rehearse(house, failing_examples=(Example("refund", "en", "money back", must=True),))
    await mia.says("/article kettle")

    (heard,) = await mia.presses("Publish")

    assert heard == "“kettle” is published.\nTried on the examples: none of them is decided differently."


async def test_approving_a_proposal_rehearses_too(house: House) -> None:
    """A wording may break what was right just as an article may."""
    wei, mia = await house.colleague("Wei"), await house.colleague("Mia", "supervisor")
    await house.customer().says("elephants allowed inside")
    (asked,) = await house.rows(Interaction, Interaction.kind == Kind.MESSAGE, Interaction.decision.is_not(None))
    rehearsal = rehearse(house, now_wrong=(asked.id,), turned_wrong=(asked.id,))
    await wei.says("/learn 1 delivery")
    await mia.says("/proposals")

    (warned,) = await mia.presses("Approve")

    assert warned.startswith("Nothing is changed yet.")
    assert rehearsal.drafts[0].phrasings[-1] == "elephants allowed inside"
    (done,) = await mia.presses("Approve anyway")
    assert done.startswith("Approved: “delivery” knows it from now on.")


async def test_what_staff_judged_is_what_a_rehearsal_tries(house: House) -> None:
    """Only what was judged within a month, with the customer's words unsealed for the matcher."""
    mia = await draft(house)
    house.serve(replace(house.app.shop, chance=lambda: 0.0, judge_share=0.1))
    await house.customer().says("refund please")
    await mia.says("/judge")
    await mia.presses("Refunds")
    rehearsal = rehearse(house)
    await mia.says("/article kettle")

    await mia.presses("Publish")
    assert rehearsal.judged == ["refund please"]

    house.hands.move(days=31)
    await mia.says("/article kettle")
    await mia.presses("Archive")
    await mia.says("/article kettle")
    await mia.presses("Publish")
    assert rehearsal.judged == []


async def test_an_archived_article_is_kept_and_published_again(house: House) -> None:
    mia = await house.colleague("Mia", "supervisor")
    rehearse(house)
    await mia.says("/article track")

    (heard,) = await mia.presses("Archive")
    assert heard.splitlines() == [
        "“track” is archived; customers do not get it any more.",
        "Tried on the examples: none of them is decided differently.",
    ]
    assert await state_of(house, "track") == "archived"
    (heard,) = await mia.says("/article track")
    assert "Archived: customers do not get it any more" in heard
    await mia.presses("Publish")
    assert await state_of(house, "track") == "published"


async def test_archiving_rehearses_first_and_names_what_would_be_lost(house: House) -> None:
    """Nothing is changed until a second word is said; the look at the question is in the audit log."""
    mia = await house.colleague("Mia", "supervisor")
    await house.customer().says("where is my order")
    (asked,) = await house.rows(Interaction, Interaction.kind == Kind.MESSAGE, Interaction.decision.is_not(None))
    rehearsal = rehearse(house, no_longer_answered=(asked.id,))
    await mia.says("/article track")

    (warned,) = await mia.presses("Archive")

    assert warned.splitlines()[0] == (
        "Nothing is changed yet. Without this article, questions that are answered now would not be:"
    )
    assert "0 now wrong, 1 no longer answered." in warned
    assert "No longer answered: “where is my order”" in warned
    assert [(one.slug, one.state) for one in rehearsal.drafts] == [("track", "archived")]
    assert await state_of(house, "track") == "published"
    (entry,) = await house.rows(AuditEntry, AuditEntry.act == "judgement.read")
    assert entry.subject == f"interaction:{asked.id}"

    assert await mia.presses("Archive anyway") == ["“track” is archived; customers do not get it any more."]
    assert await state_of(house, "track") == "archived"
    assert len(rehearsal.drafts) == 1


@pytest.mark.parametrize(
    "outcome",
    [
        {"now_wrong": (1,), "turned_wrong": (1,)},
        {"broken_examples": (Example("refund", "en", "money back", must=False),)},
    ],
)
async def test_archiving_that_makes_another_article_answer_wrongly_is_warned_of(
    house: House, outcome: dict[str, Sequence[object]]
) -> None:
    """What it kept from being answered with the next best is not kept any more."""
    mia = await house.colleague("Mia", "supervisor")
    rehearse(house, **outcome)
    await mia.says("/article track")

    (warned,) = await mia.presses("Archive")

    assert warned.startswith("Nothing is changed yet. With this, something that is right now would be wrong:")
    assert await state_of(house, "track") == "published"


async def test_what_archiving_gains_is_told_and_holds_nothing_back(house: House) -> None:
    mia = await house.colleague("Mia", "supervisor")
    rehearse(house, newly_answered=(1, 2), held_back=(3,))
    await mia.says("/article track")

    (heard,) = await mia.presses("Archive")

    assert heard.startswith("“track” is archived;")
    assert "2 newly answered, 0 now wrong, 0 no longer answered." in heard
    assert await state_of(house, "track") == "archived"


async def test_what_customers_do_not_get_is_archived_without_a_rehearsal(house: House) -> None:
    """A draft answers nobody, so nothing can be lost."""
    mia = await draft(house)
    rehearsal = rehearse(house, no_longer_answered=(1,))
    await mia.says("/article kettle")

    assert await mia.presses("Archive") == ["“kettle” is archived; customers do not get it any more."]
    assert rehearsal.drafts == []


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_a_judged_question_that_an_article_answers_is_found_by_the_matcher_itself(
    house: House, language: str
) -> None:
    """Nothing made up: what staff judged right is lost without the article, and said in the reader's language."""
    mia = await house.colleague("Mia", "supervisor")
    house.serve(replace(house.app.shop, chance=lambda: 0.0, judge_share=0.1))
    await house.customer().says("refund please")
    await mia.says("/judge")
    await mia.presses("Refunds")
    await mia.says(f"/language {language}")
    await mia.says("/article refund en")

    (warned,) = await mia.presses({"en": "Archive", "zh": "归档"}[language])

    assert {"en": "No longer answered: “refund please”", "zh": "不再回答：“refund please”"}[language] in warned
    row = await house.rows(Article, Article.slug == "refund", Article.language == "en")
    assert row[0].state == "published"
    (done,) = await mia.presses({"en": "Archive anyway", "zh": "仍然归档"}[language])
    assert "refund" in done
    row = await house.rows(Article, Article.slug == "refund", Article.language == "en")
    assert row[0].state == "archived"


async def test_an_article_goes_back_to_an_earlier_version(house: House) -> None:
    """Each version names when, what and who; going back is a version of its own."""
    mia = await house.colleague("Mia", "supervisor")
    await house.learn("refund", "en", "give me my cash")
    rehearsal = rehearse(house)
    await mia.says("/article refund")

    (heard,) = await mia.presses("Earlier versions")
    lines = heard.splitlines()
    assert lines[0] == "Versions of “refund”"
    assert lines[1].startswith("2 · 2026-11-18 12:00 · learnt a wording · a file or a command")
    assert mia.labels == ["Back to version 1"]
    (done,) = await mia.presses("Back to version 1")

    assert done.startswith("“refund” says again what it said then.")
    (row,) = await house.rows(Article, Article.slug == "refund", Article.language == "en")
    assert "give me my cash" not in row.phrasings
    assert row.version == 3
    assert "give me my cash" not in rehearsal.drafts[0].phrasings


async def test_agents_and_customers_publish_nothing(house: House) -> None:
    """Neither by command nor by a supervisor's button."""
    mia, wei = await draft(house), await house.colleague("Wei")
    await mia.says("/article kettle")

    for person in (wei, house.customer()):
        assert await person.says("/article kettle") == ["Your role does not allow this. If it should, ask an admin."]
        await person.does(press=mia.button("Publish"))
    assert await state_of(house) == "draft"


async def test_synonyms_are_listed_added_and_removed(house: House) -> None:
    """Any comma will do; the words are trimmed; a button takes a group away."""
    mia = await house.colleague("Mia", "supervisor")
    assert (await mia.says("/synonyms en"))[0].startswith("English: no synonyms yet.")

    assert await mia.says("/synonyms en parcel,  package ，shipment") == [
        "From now on these mean the same: parcel, package, shipment"
    ]
    assert (await mia.says("/synonyms en")) == [
        "English: one group of words that mean the same\nparcel, package, shipment"
    ]
    assert await mia.presses("Remove “parcel”") == ["These do not mean the same any more: parcel, package, shipment"]
    assert await house.how_many(SynonymGroup) == 0
    assert await mia.presses("Remove “parcel”") == ["This group is not there any more."]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("/synonyms en parcel", "A group takes two words or more."),
        ("/synonyms fr colis, paquet", "Which language? One of en, zh."),
        ("/synonyms en " + "x" * 61 + ", y", "“" + "x" * 60 + "…” has 61 characters; a word takes 60."),
        ("/synonyms en " + ", ".join(f"w{n}" for n in range(21)), "Those are 21 words; a group takes 20."),
    ],
)
async def test_synonyms_that_cannot_be_are_refused_in_words(house: House, command: str, said: str) -> None:
    mia = await house.colleague("Mia", "supervisor")

    assert (await mia.says(command))[0].startswith(said)
    assert await house.how_many(SynonymGroup) == 0


async def test_the_report_on_answers_says_where_the_threshold_comes_from(house: House) -> None:
    wei = await house.colleague("Wei")
    await house.customer().says("refund please")
    rehearsal = rehearse(house)
    rehearsal.calibration = Calibration(
        threshold=0.7,
        source="judged",
        target=0.05,
        judged=60,
        wrong=2,
        realised=2 / 60,
        interval=(0.01, 0.11),
        kept=True,
    )

    (heard,) = await wei.says("/report answers")

    assert "One message: 100% answered, 0% asked back, 0% handed over" in heard
    assert "The bot answers by itself from 70% on, as 60 judged questions tell." in heard
    assert "2 of 60 would be answered wrongly: 3%, for all messages probably 1% to 11%." in heard


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", ["answers", "articles", "gaps"])
async def test_every_report_can_be_read_in_the_chat_in_both_languages(house: House, name: str, language: str) -> None:
    wei = await house.colleague("Wei")
    await wei.says(f"/language {language}")
    await house.customer().says("refund please")
    await house.customer("bo").says("elephants allowed inside")
    await house.app.gap_keeper.group()

    (heard,) = await wei.says(f"/report {name}")

    assert len(heard.splitlines()) >= 2
    assert ("最近" in heard) is (language == "zh")


async def test_a_marketers_report_is_still_a_campaigns_and_an_agent_is_told_which_there_are(house: House) -> None:
    wei, max_ = await house.colleague("Wei"), await house.colleague("Max", "marketer")

    assert await wei.says("/report 1") == [
        "Which report? /report answers · /report articles · /report gaps · /report needs"
    ]
    assert await max_.says("/report answers") == ["Which campaign? For example: /report 3. /campaigns lists them."]


async def test_words_of_a_question_that_is_gone_are_not_quoted(house: House) -> None:
    """A customer may have been erased between judging and publishing."""
    mia = await draft(house)
    rehearse(house, now_wrong=(12345,), turned_wrong=(12345,))
    await mia.says("/article kettle")

    (warned,) = await mia.presses("Publish")

    assert "1 now wrong" in warned
    assert "Now wrong: “" not in warned
    async with house.app.records.read() as work:
        assert await conversations.words_of(work, [12345]) == {}


async def test_an_example_that_would_fail_is_found_by_the_matcher_itself(house: House) -> None:
    """Nothing made up: the articles with and without the draft are matched with what must be answered by which."""
    async with house.app.records.write() as work:
        row = await articles.find_known(work, "refund", "en")
        await articles.save(work, replace(draft_from(row), must_match=("do you sell kettles",)), None)
        kettle = Draft(
            slug="kettle",
            language="en",
            title="Kettles",
            category="",
            phrasings=("do you sell kettles", "kettles for sale"),
            answer="We do.",
            state="draft",
        )
        refund = replace(draft_from(row), phrasings=(*row.phrasings, "do you take kettles back"))
        await articles.save(work, refund, None)
        await articles.save(work, kettle, None)
    await house.app.book.refresh(house.app.records)
    mia = await house.colleague("Mia", "supervisor")
    await mia.says("/article kettle")

    (warned,) = await mia.presses("Publish")

    assert warned.startswith("Nothing is changed yet.")
    assert "No longer the first for “refund”, as its example wants: “do you sell kettles”" in warned
    assert await state_of(house) == "draft"
    (done,) = await mia.presses("Publish anyway")
    assert done.startswith("“kettle” is published.")
