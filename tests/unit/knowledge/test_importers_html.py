"""Help-centre pages become articles of plain text; what belongs to the page and not to the answer stays out."""

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from knowledge_base import Article, ArticleError, read_articles

PAGE = """<!DOCTYPE html>
<html lang="en-US">
<head>
  <meta charset="utf-8"><title>Can I return my tea? – Tea Help</title>
  <meta name="keywords" content="returns, refund">
  <style>.x { color: red }</style><script>alert("<h1>no</h1>")</script>
</head>
<body>
<header><h2>Tea Help</h2></header>
<nav class="sub-nav"><ol class="breadcrumbs"><li><a href="/">Tea Help</a></li>
<li><a href="/r">Returns</a></li></ol></nav>
<main>
<article class="article">
  <header class="article-header"><h1 title="x < y">Can I return
    my tea?</h1></header>
  <div class="article-body">
    <p>Yes, within <b>30&nbsp;days</b>.<br>Unopened only.</p>
    <h3>How</h3>
    <ol><li>Write to <a href="https://x.example/write">us</a>.<li>Wait
      <ul><li>for a label</li><li>or a call</li></ul></li></ol>
    <table><tr><th>EU</th><td>free</td></tr><tr><th>Other</th><td>5 &euro;</td></tr></table>
    <script>track()</script><!-- hidden -->
    <aside>Advertisement</aside>
  </div>
  <div class="article-votes">Was this helpful? <button>Yes</button></div>
  <section class="related-articles"><a href="/o">Other</a></section>
</article>
</main>
<footer>© Tea</footer>
</body></html>
"""
ANSWER = """Yes, within 30\u00a0days.
Unopened only.

How

1. Write to us (https://x.example/write).
2. Wait
  - for a label
  - or a call

EU free
Other 5 €"""


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def packed(path: Path, **pages: str | bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as content:
        for name, text in pages.items():
            content.writestr(name, text)
    return path


def refused(path: Path) -> list[tuple[str, str, int]]:
    """Key, file's name and line of every problem."""
    with pytest.raises(ArticleError) as caught:
        read_articles(path)
    assert caught.value.sentences
    return [(problem.key, problem.file.name, problem.line) for problem in caught.value.problems]


def test_a_page_of_a_help_centre_becomes_an_article(tmp_path: Path) -> None:
    """Title, answer, category, language and tags; no menu, no script, no vote."""
    path = write(tmp_path / "can-i-return.html", PAGE)

    assert read_articles(path) == [
        Article(
            id="can-i-return", language="en", title="Can I return my tea?", phrasings=("Can I return my tea?",),
            answer=ANSWER, category="Returns", tags=("returns", "refund"), source=f"{path}:1",
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ("<p>One<p>Two<ul><li>a<li>b</ul>", "One\n\nTwo\n\n- a\n- b"),
        ("One<br><br>Two", "One\nTwo"),
        ("<div>One</div><div>Two <i>three</i></div>", "One\nTwo three"),
        ("<pre>  two\n    spaces</pre>", "two\n    spaces"),
        ('<a href="https://x.example">https://x.example</a>', "https://x.example"),
        ('<a href="javascript:alert(1)">press</a> <a href="/here">here</a>', "press here"),
        ('<img src="x.png" alt="A red button"> is it', "A red button is it"),
        ("a &lt;b&gt; &amp;amp; c &#x1F375;", "a <b> &amp; c 🍵"),
        ("5 < 6 and 7 > 6 <", "5 < 6 and 7 > 6 <"),
        ("<p>One</p></div></div></p>Two", "One"),
        ("<p title='a > b'>One", "One"),
        ("<!-- <p>gone</p> -->One<!-- never closed <p>gone", "One"),
        ("<script>x = '</p>'</script >One<style>y", "One"),
        ("<dl><dt>Green<dd>80 °C<dt>Black<dd>95 °C</dl>", "Green\n80 °C\nBlack\n95 °C"),
    ],
)
def test_a_body_becomes_plain_text(tmp_path: Path, body: str, answer: str) -> None:
    """As a chat shows it, however carelessly it was written."""
    page = f'<html lang="en"><h1>T</h1><div><div class="article-body">{body}'

    assert read_articles(write(tmp_path / "a.html", page))[0].answer == answer


@pytest.mark.parametrize(
    ("page", "category"),
    [
        ('<meta property="article:section" content="Orders">', "Orders"),
        ('<ul class="Breadcrumb"><li>Home<li>Orders<li>T</ul>', "Orders"),
        ("", "delivery"),
    ],
    ids=["meta", "breadcrumb", "folder"],
)
def test_a_category_comes_from_the_page_or_its_folder(tmp_path: Path, page: str, category: str) -> None:
    """A folder that is called after a language is no category, and the export's own folder neither."""
    text = f"{page}<h1>T</h1><article>Answer.</article>"
    write(tmp_path / "zh" / "delivery" / "a.html", text)
    write(tmp_path / "zh" / "b.html", text)

    second, first = read_articles(tmp_path)

    assert (first.category, second.category) == (category, "" if category == "delivery" else category)
    assert (first.language, second.language) == ("zh", "zh")


def test_one_page_may_hold_several_articles(tmp_path: Path) -> None:
    """Each `<article>` with a heading of its own; the words between them are nobody's."""
    path = write(
        tmp_path / "faq.html",
        '<html lang="en"><title>FAQ</title><h1>FAQ</h1>\n'
        '<article id="dogs"><h2>Dogs?</h2>Do.</article>\nBetween.\n'
        '<article lang="zh"><h2>可以带狗吗？</h2><p>可以。</article>',
    )

    dogs, chinese = read_articles(path)

    assert (dogs.id, dogs.title, dogs.answer, dogs.language, dogs.source) == ("dogs", "Dogs?", "Do.", "en", f"{path}:2")
    assert (chinese.id, chinese.answer, chinese.language) == ("可以带狗吗", "可以。", "zh")


def test_a_zip_of_pages_is_read_like_their_folder(tmp_path: Path) -> None:
    """Pages that only lead to others, pictures and hidden files are passed over; nothing is unpacked."""
    pages: dict[str, str | bytes] = {
        "help/index.html": "<html lang=en><title>Help</title><ul><li><a href=a.html>a</a></ul>",
        "help/returns/can-i-return.html": PAGE,
        "help/orders/late/index.html": '<html lang="en"><h1>Late?</h1><article>Wait.</article>',
        "help/logo.png": b"\x89PNG",
        "__MACOSX/help/._a.html": b"\x00\x05",
        "../../evil.html": '<html lang="en"><h1>Evil</h1><article>No.</article>',
    }
    path = packed(tmp_path / "help.zip", **pages)

    found = read_articles(path)

    assert [(one.id, one.category) for one in found] == [
        ("late", "orders"),
        ("can-i-return", "Returns"),
    ]
    assert found[1].source == f"{path / 'help/returns/can-i-return.html'}:1"
    assert [entry.name for entry in tmp_path.iterdir()] == ["help.zip"]


def test_every_wrong_page_is_named(tmp_path: Path) -> None:
    """In a folder and in a ZIP file alike."""
    pages: dict[str, str | bytes] = {
        "a.html": '<html lang="en"><article>No title.</article>',
        "b.html": "<h1>No language</h1><article>b</article>",
        "c.html": '<html lang="en"><h1>No answer</h1>',
        "d.html": '<html lang="en"><h1>Too deep</h1>\n\n' + "<div>" * 100_000,
        "e.html": '<html lang="en"><h1>茶</h1><article>茶</article>'.encode("gb18030"),
        "f.html": '<html lang="en"><h1>Too long</h1><article>' + "x" * 4_000,
        "g.html": "",
        "h.html": '<html lang="en"><h1>Fine</h1><article>Yes.</article>',
    }
    for name, text in pages.items():
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    wrong = [
        ("html_no_title", "a.html"),
        ("no_language", "b.html"),
        ("no_answer", "c.html"),
        ("html_deep", "d.html"),
        ("not_utf8", "e.html"),
        ("long_answer", "f.html"),
        ("html_no_title", "g.html"),
    ]

    assert [problem[:2] for problem in refused(tmp_path)] == wrong
    assert [problem[:2] for problem in refused(packed(tmp_path / "all.zip", **pages))] == wrong


@pytest.mark.parametrize(
    ("content", "key"),
    [(b"", "not_a_zip"), (b"PK\x03\x04 and no more", "not_a_zip"), (b"PK\x05\x06" + b"\x00" * 18, "no_articles")],
    ids=["empty", "broken", "without pages"],
)
def test_what_is_no_zip_file_is_refused(tmp_path: Path, content: bytes, key: str) -> None:
    """Or one without a page."""
    path = tmp_path / "help.zip"
    path.write_bytes(content)

    assert refused(path) == [(key, "help.zip", 0)]


def test_a_zip_that_unpacks_to_more_than_its_share_is_refused(tmp_path: Path) -> None:
    """A page of 17 MB, and what says that it is smaller than it is."""
    page = b"<html lang=en><h1>x</h1>" + b" " * (17 * 2**20)
    assert refused(packed(tmp_path / "bomb.zip", **{"a.html": page}))[0][0] == "too_large"

    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as lying:
        lying.writestr("a.html", page)
    (tmp_path / "lying.zip").write_bytes(
        content.getvalue().replace(len(page).to_bytes(4, "little"), b"\x10\x00\x00\x00")
    )
    assert refused(tmp_path / "lying.zip")[0][0] == "not_a_zip"


@pytest.mark.parametrize(
    "nonsense",
    ["<!--" * 100_000, "<" * 300_000, "<a " * 100_000, '<a "' * 100_000, "<a b='" * 50_000, "<p>" * 100_000,
     "<b>" * 400 + "<p>x</p>" * 20_000, "<li><ul>" * 50_000, "</p>" * 100_000, "&" * 300_000, "<![CDATA[" * 50_000,
     "<script>" * 50_000, "<?" * 100_000, "<a b=c>" * 50_000, "<td><tr>" * 50_000],
    ids=lambda text: text[:9],
)  # fmt: skip
def test_a_page_made_to_keep_the_reader_busy_is_read_or_refused(tmp_path: Path, nonsense: str) -> None:
    """The test's own limit in time is the measure."""
    path = write(tmp_path / "a.html", f'<html lang="en"><h1>T</h1><div class="article-body">{nonsense}')
    try:
        assert read_articles(path)
    except ArticleError as error:
        assert error.key in {"html_deep", "no_answer", "long_answer", "bad_characters"}  # noqa: PT017 - either is right


PIECES = [
    "<article>", "</article>", "<h1>", "</h1>", "<ul><li>", "<td>", "<pre>", "<br>", "<!--", "-->", "<a href='", ">",
    '<div class="article-body">', "</div>", "<html lang=en>", "&amp", "x", " ", "\n", "\x00", "<title>", "title>",
    "<p data-field=", "answer>", "buttons>", "<svg>", "</svg>",
]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=100) | st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
@example(text="<article><ol><li><pre></ol></article></article>")
@example(text="<tr><td><tr><td></table></tr>")
def test_any_page_at_all_is_articles_or_a_sentence(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Never a traceback."""
    path = tmp_path_factory.mktemp("any") / "a.html"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        assert read_articles(path)
    except ArticleError as error:
        assert error.sentences  # noqa: PT017 - either is right
