"""Articles as one HTML page that people can read in a browser and the importer reads field by field."""

from collections.abc import Sequence
from html import escape
from typing import Final

from knowledge_base.article import Article, Link
from knowledge_base.notation import write_time

_STYLE: Final = (
    "body{font:16px/1.5 sans-serif;max-width:46em;margin:2em auto;padding:0 1em}article{border-top:1px solid #999}"
    "[data-field=answer]{white-space:pre-wrap}[data-field=tags] li{display:inline;margin-right:1em}"
)


def as_html(articles: Sequence[Article]) -> bytes:
    """The whole page, in UTF-8."""
    languages = {one.language for one in articles}
    language = f' lang="{languages.pop()}"' if len(languages) == 1 else ""
    title = articles[0].title if len(articles) == 1 else ""
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>'
    body = "\n".join(_article(one) for one in articles)
    return f"<!DOCTYPE html>\n<html{language}><head>{head}</head><body>\n{body}\n</body></html>\n".encode()


def _article(article: Article) -> str:
    marks = {
        "data-id": article.id,
        "lang": article.language,
        "data-state": "" if article.state == "published" else article.state,
        "data-valid-from": write_time(article.valid_from),
        "data-valid-until": write_time(article.valid_until),
    }
    said = "".join(f' {name}="{escape(value)}"' for name, value in marks.items() if value)
    parts = [
        f"<article{said}>",
        f'<h1 data-field="title">{escape(article.title)}</h1>',
        f'<p data-field="category">{escape(article.category)}</p>' if article.category else "",
        _items("tags", article.tags),
        _items("phrasings", article.phrasings) or '<ul data-field="phrasings"></ul>',  # no title in their place
        f'<div data-field="answer">{escape(article.answer)}</div>',
        _links("buttons", article.buttons),
        _links("attachments", article.attachments),
        _items("must_match", article.must_match),
        _items("must_not_match", article.must_not_match),
        _items("related", article.related),
        "</article>",
    ]
    return "\n".join(part for part in parts if part)


def _items(name: str, entries: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(entry)}</li>" for entry in entries)
    return f'<ul data-field="{name}">{items}</ul>' if items else ""


def _links(name: str, links: Sequence[Link]) -> str:
    items = "".join(f'<li><a href="{escape(link.url)}">{escape(link.label)}</a></li>' for link in links)
    return f'<ul data-field="{name}">{items}</ul>' if items else ""
