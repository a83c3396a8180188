"""The one HTTP server: what is served under which address, and how it starts and leaves inside our own loop."""

import asyncio
import errno
import socket
from contextlib import suppress

import uvicorn
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket

from bot.channels.webchat import WebChat
from bot.web import guard, pages, protocol
from bot.web.files import UploadLimit, file_response, take_upload
from bot.web.guard import STAFF_COOKIE, VISITOR_COOKIE
from bot.web.house import FileRefused, House, NotHere, Shop, Viewer, Visitor
from bot.web.sockets import CustomerLine, DeskLine, Line, Lines, Rhythm
from bot.web.texts import pick_language

_LONGEST_LOGIN = 4_000  # bytes
LEAVE_SECONDS = 1.5  # what `stop` grants to requests under way
FILE_STATUS = {"file_too_large": 413, "file_kind": 415, "file_too_many": 429, "file_length": 411}


class PortInUse(Exception):
    """Another program already listens at this address."""

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(f"cannot listen on {host}:{port}: {reason}")
        self.host = host
        self.port = port
        self.reason = reason


class Doors:
    """The routes, and what they share."""

    def __init__(self, house: House, webchat: WebChat, base_url: str, rhythm: Rhythm) -> None:
        self.house = house
        self.webchat = webchat
        self.base_url = base_url
        self.rhythm = rhythm
        self.lines = Lines()
        self.uploads = UploadLimit()

    # pages

    async def root(self, request: Request) -> Response:
        """A shop's customers arrive at the chat."""
        return RedirectResponse("/chat", 307)

    async def chat(self, request: Request) -> Response:
        """The customer's page, and the cookie that makes the visitor the same next time."""
        visitor = await self.house.visitor(request.cookies.get(VISITOR_COOKIE))
        if login := request.query_params.get("login"):
            return await self._log_in(request, visitor, login)
        response = pages.chat_page(request, await self.house.shop(), visitor)
        if request.cookies.get(VISITOR_COOKIE) != visitor.token:
            self._hand_cookie(response, request, VISITOR_COOKIE, visitor.token, guard.VISITOR_DAYS)
        return response

    async def _log_in(self, request: Request, visitor: Visitor, login: str) -> Response:
        """Use a signed login up, and go on without it in the address."""
        shop = await self.house.shop()
        language = pick_language(request.headers.get("accept-language", ""), shop.languages)
        known = await self.house.log_in(visitor, login, language)
        if known is None:
            return pages.closed_page(request, shop, "login_refused", 403)
        response = RedirectResponse("/chat", 303)
        self._hand_cookie(response, request, VISITOR_COOKIE, known.token, guard.VISITOR_DAYS)
        return response

    async def chat_login(self, request: Request) -> Response:
        """The same for a login that the site around the page handed to its script: it never stands in an address."""
        self._check_origin(request)
        visitor = await self._known_visitor(request.cookies.get(VISITOR_COOKIE))
        length = request.headers.get("content-length", "")
        if visitor is None:
            raise HTTPException(403)
        if not length.isdigit() or int(length) > _LONGEST_LOGIN:
            raise HTTPException(413)
        login = (await request.body()).decode("ascii", "replace")
        language = pick_language(request.headers.get("accept-language", ""), (await self.house.shop()).languages)
        known = await self.house.log_in(visitor, login, language)
        if known is None:
            raise HTTPException(403)
        response = Response(status_code=204)
        self._hand_cookie(response, request, VISITOR_COOKIE, known.token, guard.VISITOR_DAYS)
        return response

    async def link(self, request: Request) -> Response:
        """The page of a link from another chat: looking uses nothing up."""
        return pages.link_page(request, await self.house.shop())

    async def follow_link(self, request: Request) -> Response:
        """Go on here as who asked for the link."""
        self._check_origin(request)
        shop = await self.house.shop()
        language = pick_language(request.headers.get("accept-language", ""), shop.languages)
        visitor = await self.house.visitor(request.cookies.get(VISITOR_COOKIE))
        if not await self.house.follow_link(visitor, request.path_params["token"], language):
            return pages.closed_page(request, shop, "chat_link_used", 403)
        response = RedirectResponse("/chat", 303)
        self._hand_cookie(response, request, VISITOR_COOKIE, visitor.token, guard.VISITOR_DAYS)
        return response

    async def desk(self, request: Request) -> Response:
        """The desk, for a session; without one, how to get in."""
        staff = await self.house.staff(request.cookies.get(STAFF_COOKIE))
        shop = await self.house.shop()
        if staff is None:
            return pages.closed_page(request, shop, "no_session", 403)
        return pages.desk_page(request, shop, staff)

    async def enter(self, request: Request) -> Response:
        """The page of a one-time link."""
        return pages.enter_page(request, await self.house.shop())

    async def use_link(self, request: Request) -> Response:
        """Use the link up and begin a session."""
        self._check_origin(request)
        shop = await self.house.shop()
        language = pick_language(request.headers.get("accept-language", ""), shop.languages)
        session = await self.house.enter(request.path_params["token"], language)
        if session is None:
            return pages.closed_page(request, shop, "link_used", 403)
        response = RedirectResponse("/desk", 303)
        self._hand_cookie(response, request, STAFF_COOKIE, session, guard.STAFF_DAYS)
        return response

    async def leave(self, request: Request) -> Response:
        """End the session of this browser."""
        self._check_origin(request)
        if token := request.cookies.get(STAFF_COOKIE):
            await self.house.leave(token)
        response = RedirectResponse("/desk", 303)
        response.delete_cookie(STAFF_COOKIE, path="/")
        return response

    # files

    async def chat_upload(self, request: Request) -> Response:
        """A customer's file. Only a browser that has been to the chat page has the cookie."""
        token = request.cookies.get(VISITOR_COOKIE)
        return await self._upload(request, await self._known_visitor(token))

    async def desk_upload(self, request: Request) -> Response:
        """A colleague's file."""
        return await self._upload(request, await self.house.staff(request.cookies.get(STAFF_COOKIE)))

    async def file(self, request: Request) -> Response:
        """A file, for who may see it: the same answer for missing and forbidden."""
        staff = await self.house.staff(request.cookies.get(STAFF_COOKIE))
        visitor = await self._known_visitor(request.cookies.get(VISITOR_COOKIE))
        for viewer in (staff, visitor):
            if viewer is not None:
                with suppress(NotHere):
                    return file_response(await self.house.open_file(viewer, request.path_params["file_id"]))
        raise HTTPException(404)

    async def _upload(self, request: Request, viewer: Viewer | None) -> Response:
        self._check_origin(request)
        if viewer is None:
            raise HTTPException(403)
        try:
            return JSONResponse(await take_upload(request, self.house, viewer, self.uploads))
        except FileRefused as error:
            return JSONResponse({"key": error.key}, FILE_STATUS.get(error.key, 400))

    # sockets

    async def chat_socket(self, socket: WebSocket) -> None:
        """The customer's socket."""
        visitor = await self._known_visitor(socket.cookies.get(VISITOR_COOKIE))
        if visitor is None:
            await self._turn_away(socket)
        elif await self._from_our_page(socket):
            await self._serve(CustomerLine(visitor, socket, self.house, self.webchat, self.rhythm))

    async def desk_socket(self, socket: WebSocket) -> None:
        """The desk's socket."""
        token = socket.cookies.get(STAFF_COOKIE)
        staff = await self.house.staff(token)
        if token is None or staff is None:
            await self._turn_away(socket)
        elif await self._from_our_page(socket):
            await self._serve(DeskLine(staff, token, socket, self.house, self.webchat, self.rhythm))

    async def _from_our_page(self, socket: WebSocket) -> bool:
        if guard.same_origin(socket.headers, self.base_url):
            return True
        await socket.close(protocol.POLICY)  # before accepting: the handshake is answered with 403
        return False

    async def _turn_away(self, socket: WebSocket) -> None:
        """No session: open for a moment, because a page can only read the reason of a socket that was open."""
        if await self._from_our_page(socket):
            await socket.accept()
            await socket.close(protocol.NO_SESSION)

    async def _serve(self, line: Line) -> None:
        self.lines.add(line)
        try:
            await line.run()
        finally:
            self.lines.remove(line)

    # health

    async def healthz(self, request: Request) -> Response:
        """The process lives."""
        return JSONResponse({"alive": True})

    async def readyz(self, request: Request) -> Response:
        """The process can work."""
        health = await self.house.health()
        body = {"ready": health.ready, "database": health.database, "channels": dict(health.channels)}
        return JSONResponse(body, 200 if health.ready else 503)

    async def not_here(self, request: Request, error: Exception) -> Response:
        """The same page for missing and forbidden; only the status tells machines."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        if request.url.path.startswith(("/api/", "/chat/", "/files/")) or request.method == "POST":
            return JSONResponse({"key": "not_here"}, status)
        return pages.closed_page(request, await self.house.shop(), "not_here", status)

    async def fault(self, request: Request, error: Exception) -> Response:
        """Our fault: the page says what is safe; the log gets the rest, because the error goes on to it."""
        try:
            shop = await self.house.shop()
        except Exception:  # noqa: BLE001 - perhaps the very reason why we are here
            shop = Shop(names={"en": "Frontdesk"})
        return pages.closed_page(request, shop, "fault", 500)

    # what they share

    async def _known_visitor(self, token: str | None) -> Visitor | None:
        if not token:
            return None
        visitor = await self.house.visitor(token)
        return visitor if visitor.token == token else None

    def _check_origin(self, request: Request) -> None:
        if not guard.same_origin(request.headers, self.base_url):
            raise HTTPException(403)

    def _hand_cookie(self, response: Response, request: Request, name: str, token: str, days: int) -> None:
        secure = request.url.scheme == "https" or self.base_url.startswith("https:")
        guard.set_cookie(response, name, token, days=days, secure=secure)


def create_app(house: House, webchat: WebChat, *, base_url: str = "", rhythm: Rhythm | None = None) -> FastAPI:
    """The application with its routes; other rooms may add theirs to what is returned."""
    doors = Doors(house, webchat, base_url, rhythm or Rhythm())
    app = FastAPI(title="Frontdesk", openapi_url=None, docs_url=None, redoc_url=None)
    app.state.lines = doors.lines
    app.add_middleware(guard.SecurityHeaders)
    app.add_exception_handler(HTTPException, doors.not_here)
    app.add_exception_handler(Exception, doors.fault)
    app.add_route("/", doors.root)
    app.add_route("/chat", doors.chat)
    app.add_route("/chat/link/{token}", doors.link)
    app.add_route("/chat/link/{token}", doors.follow_link, methods=["POST"])
    app.add_route("/chat/login", doors.chat_login, methods=["POST"])
    app.add_route("/chat/upload", doors.chat_upload, methods=["POST"])
    app.add_route("/desk", doors.desk)
    app.add_route("/desk/enter/{token}", doors.enter)
    app.add_route("/desk/enter/{token}", doors.use_link, methods=["POST"])
    app.add_route("/desk/leave", doors.leave, methods=["POST"])
    app.add_route("/desk/upload", doors.desk_upload, methods=["POST"])
    app.add_route("/files/{file_id}", doors.file)
    app.add_route("/healthz", doors.healthz)
    app.add_route("/readyz", doors.readyz)
    app.add_api_websocket_route("/chat/socket", doors.chat_socket)
    app.add_api_websocket_route("/desk/socket", doors.desk_socket)
    app.mount("/static", StaticFiles(directory=pages.STATIC), name="static")
    return app


class _Uvicorn(uvicorn.Server):
    """Uvicorn without its signal handlers: whoever runs the process decides when it ends."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.answering = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        self.answering.set()

    async def serve_quietly(self, sockets: list[socket.socket]) -> None:
        """Serve until `should_exit`, leaving signals alone."""
        await self._serve(sockets)


class WebServer:
    """Serves the application in the running loop: `start`, then `stop`."""

    def __init__(self, app: FastAPI, *, host: str = "127.0.0.1", port: int = 8080) -> None:
        self.app = app
        self.host = host
        self.port = port
        self._socket: socket.socket | None = None
        self._server: _Uvicorn | None = None
        self._task: asyncio.Task[None] | None = None

    def bind(self) -> None:
        """Take the port, before anything else is started. Raises PortInUse."""
        if self._socket is not None:
            return
        try:
            family = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)[0][0]
            listening = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:
            raise PortInUse(self.host, self.port, error.strerror or str(error)) from error
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((self.host, self.port))
            listening.listen(1024)
        except OSError as error:
            listening.close()
            taken = error.errno == errno.EADDRINUSE
            reason = "another program listens there" if taken else error.strerror or str(error)
            raise PortInUse(self.host, self.port, reason) from error
        listening.setblocking(False)
        self._socket = listening
        self.port = listening.getsockname()[1]  # the real one when 0 was asked for

    async def start(self) -> None:
        """Take the port and serve; returns when requests are answered. Raises PortInUse."""
        self.bind()
        assert self._socket is not None
        config = uvicorn.Config(
            self.app,
            ws="websockets-sansio",
            ws_max_size=protocol.LARGEST_FRAME,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        self._server = _Uvicorn(config)
        self._task = asyncio.create_task(self._server.serve_quietly([self._socket]), name="web server")
        answering = asyncio.create_task(self._server.answering.wait())
        await asyncio.wait({answering, self._task}, return_when=asyncio.FIRST_COMPLETED)
        answering.cancel()
        if self._task.done():
            self._task.result()

    async def stop(self) -> None:
        """Say goodbye to open pages and leave within two seconds."""
        if self._server is None or self._task is None:
            if self._socket is not None:
                self._socket.close()
            return
        lines: Lines = self.app.state.lines
        with suppress(TimeoutError):
            await asyncio.wait_for(lines.say_bye(), 0.5)
        self._server.should_exit = True
        _, late = await asyncio.wait({self._task}, timeout=LEAVE_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        self._server = self._task = self._socket = None
