"""The articles: whether they can be read, and are there in every language."""

from collections import Counter

from bot.articles import drafts_of
from bot.config import SAMPLE_ARTICLES, Settings
from bot.doctor.finding import LISTED, Finding, good, note, wrong
from knowledge_base import ArticleError


def examine_articles(settings: Settings) -> list[Finding]:
    try:
        found = drafts_of(settings.article_paths)
    except ArticleError as error:
        return [wrong("articles", f"{error}.", "Put this right; until then the bot keeps the articles it knows.")]
    languages = Counter(article.language for article in found)
    shown = ", ".join(f"{count} in {language}" for language, count in sorted(languages.items()))
    findings = [good("articles", f"They can be read: {shown}.")]
    ids = {article.slug for article in found}
    for language in settings.shop.languages:
        missing = sorted(ids - {article.slug for article in found if article.language == language})
        if missing:
            more = f" and {len(missing) - LISTED} more" if len(missing) > LISTED else ""
            findings.append(
                note(
                    "translations",
                    f"Without a version in {language}: {', '.join(missing[:LISTED])}{more}.",
                    "Customers who read this language are handed to a person for these questions.",
                )
            )
    if not findings[1:]:
        findings.append(good("translations", "Every article is there in every language of the shop."))
    if settings.knowledge.articles == (SAMPLE_ARTICLES,):
        findings.append(
            note(
                "articles",
                "They are those of the sample shop.",
                "Set [knowledge] articles to your own before customers come (`frontdesk init` begins them).",
            )
        )
    return findings
