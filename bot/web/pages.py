"""The pages: chat, desk, the one-time link, and the page for everything that is not here."""

import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from bot.web.guard import page_policy
from bot.web.house import Shop, Staff, Viewer, public_key
from bot.web.protocol import LONGEST_TEXT
from bot.web.texts import LANGUAGES, pick_language, sentences

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"

_templates = Environment(
    loader=FileSystemLoader(FOLDER / "templates"), autoescape=select_autoescape(default=True), trim_blocks=True
)


def chat_page(request: Request, shop: Shop, viewer: Viewer) -> HTMLResponse:
    """The customer's page."""
    response = _page(request, shop, "chat.html", boot={**_boot(shop, viewer), "login_origins": shop.login_origins})
    if shop.login_origins:  # browsers hold this above X-Frame-Options
        response.headers["Content-Security-Policy"] = page_policy(shop.login_origins)
    return response


def desk_page(request: Request, shop: Shop, staff: Staff) -> HTMLResponse:
    """The staff's page."""
    me = {"id": staff.id, "name": staff.name, "roles": staff.roles, "commands": staff.commands}
    return _page(request, shop, "desk.html", boot={**_boot(shop, staff), "me": me})


def enter_page(request: Request, shop: Shop) -> HTMLResponse:
    """The page of a one-time link: looking uses nothing up, so link previews are harmless; its form does."""
    return _page(request, shop, "enter.html", boot={}, action=request.url.path)


def link_page(request: Request, shop: Shop) -> HTMLResponse:
    """The page of a link to go on here; as above, only its form uses the link up."""
    return _page(request, shop, "link.html", boot={}, action=request.url.path)


def closed_page(request: Request, shop: Shop, reason: str, status: int) -> HTMLResponse:
    """Not here, or not for this person: `reason` names the sentences."""
    return _page(request, shop, "closed.html", boot={}, status=status, reason=reason)


def _boot(shop: Shop, viewer: Viewer) -> dict[str, Any]:
    """What the page's script starts with; read from a data block, since no inline script is allowed."""
    return {
        "key": public_key(viewer.address),
        "texts": {language: sentences(language) for language in LANGUAGES},
        "languages": [language for language in shop.languages if language in LANGUAGES],
        "names": dict(shop.names),
        "suggestions": {language: list(titles) for language, titles in shop.suggestions.items()},
        "longest": LONGEST_TEXT,
    }


def _page(
    request: Request, shop: Shop, template: str, *, boot: dict[str, Any], status: int = 200, **more: Any
) -> HTMLResponse:
    language = pick_language(request.headers.get("accept-language", ""), shop.languages)
    words = sentences(language)
    page = _templates.get_template(template).render(
        shop=shop,
        shop_name=shop.name(language),
        language=language,
        languages=[(code, LANGUAGES[code]) for code in shop.languages if code in LANGUAGES],
        words=words,
        boot=_data_block(boot),
        **more,
    )
    return HTMLResponse(page, status_code=status, headers={"Cache-Control": "no-store"})


def _data_block(value: dict[str, Any]) -> Markup:
    """JSON that cannot end its own script element."""
    text = json.dumps(value, ensure_ascii=False)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704  (every sign that HTML reads is escaped above)
