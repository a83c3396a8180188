"""Knowledge base: a question in, the articles that answer it out; no SQL and no chat in here."""

from knowledge_base.article import Article
from knowledge_base.files import MatchSummary, match_files
from knowledge_base.importers import ArticleError, read_articles
from knowledge_base.matcher import Candidate, Decision, Match, Matcher

__all__ = [
    "Article",
    "ArticleError",
    "Candidate",
    "Decision",
    "Match",
    "MatchSummary",
    "Matcher",
    "match_files",
    "read_articles",
]
