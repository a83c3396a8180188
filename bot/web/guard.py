"""What stands at the door: security headers on every answer, the origin check, and the session cookies."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as Connection

from bot.web.house import Staff
from crm_core.models import Role
from crm_core.rules.access import Principal, Scope

VISITOR_COOKIE = "frontdesk_visitor"
STAFF_COOKIE = "frontdesk_staff"
VISITOR_DAYS = 365
STAFF_DAYS = 14

_OWN = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors "
)
PAGE_POLICY = f"{_OWN}'none'"
FILE_POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"
HEADERS = {
    "Content-Security-Policy": PAGE_POLICY,
    # Not `no-referrer`: under it browsers send `Origin: null` with a form, and the origin check would refuse our own.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}


def page_policy(framed_by: Sequence[str]) -> str:
    """The policy of a page that pages of these origins may show in a frame."""
    return f"{_OWN}{' '.join(framed_by)}"


class SecurityHeaders:
    """Puts the headers on every HTTP answer that does not say otherwise itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        """Pass on, with the headers set as the answer begins."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)


def principal_of(staff: Staff, sees: Scope) -> Principal:
    """A colleague at the desk as the table of `rules.access` sees them; `sees`: how far agents look here."""
    return Principal(role=Role(staff.roles[0]), id=int(staff.id), team=staff.team, sees=sees)


def same_origin(headers: Mapping[str, str], base_url: str) -> bool:
    """Does this request come from one of our own pages?

    A browser always sends Origin with a socket's handshake and with a POST of ours; whoever sends none is refused too.
    """
    origin = headers.get("origin", "")
    parts = urlsplit(origin)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return False
    if base_url and origin.lower() == origin_of(base_url):
        return True
    return parts.netloc.lower() == headers.get("host", "").lower()


def origin_of(url: str) -> str:
    """Scheme and host of an address, as a browser writes them in Origin."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def set_cookie(response: Response, name: str, token: str, *, days: int, secure: bool) -> None:
    """Hand a session to the browser: out of reach of scripts, and not sent along from other sites' forms."""
    response.set_cookie(name, token, max_age=days * 86_400, httponly=True, samesite="lax", secure=secure, path="/")
