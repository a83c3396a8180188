"""The HTTP side: the Bot API under /bot<token>/, files under /file/, and what the tests order under /control/."""

import asyncio
import contextlib
import json
from pathlib import Path
from typing import Any, Self

from aiohttp import BodyPartReader, web

from tests.telegram_server.methods import call
from tests.telegram_server.schema import check, method_named
from tests.telegram_server.state import ALL_BUT_RARE, Fault, Refusal, State, Upload

TOKEN = "7000001:strict-test-token"


class TelegramServer:
    """A strict Bot API server on loopback, as an async context manager."""

    def __init__(
        self, *, token: str = TOKEN, port: int = 0, log_file: Path | None = None, limits: bool = False
    ) -> None:
        self.state = State(token, log_file, limits=limits)
        self.port = port
        app = web.Application(client_max_size=64 << 20)
        app.router.add_route("*", "/bot{token}/{method}", self._api)
        app.router.add_get("/file/bot{token}/{path:.+}", self._download)
        app.router.add_get("/control/log", self._show_log)
        app.router.add_get("/control/state", self._show_state)
        app.router.add_post("/control/updates", self._feed)
        app.router.add_post("/control/chats", self._open_chats)
        app.router.add_post("/control/faults", self._plan_faults)
        app.router.add_post("/control/wait", self._wait)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.2)

    @property
    def url(self) -> str:
        """What `[telegram] api_base` is set to."""
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, backlog=1024)
        await site.start()
        self.port = int(self._runner.addresses[0][1])
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    # the Bot API

    async def _api(self, request: web.Request) -> web.StreamResponse:
        asked = request.match_info["method"]
        try:
            self._check_token(request.match_info["token"])
            method = method_named(asked)
            given = check(method, await _parameters(request))
            response = await self._perform(request, method, given)
        except Refusal as refusal:
            method, response = asked, _refused(refusal)
        self.state.answers[f"{method} {response.status}"] += 1
        return response

    async def _perform(self, request: web.Request, method: str, given: dict[str, Any]) -> web.Response:
        fault = self.state.take_fault(method, given.get("chat_id"))
        if fault is None:
            return _ok(await self._carry_out(method, given))
        await self.state.notify()
        if fault.kind == "delay":
            return await self._delayed(fault, method, given)
        if fault.kind in {"drop_after", "garbled"} or fault.after:
            await self._carry_out(method, given)
        if fault.kind.startswith("drop"):
            assert request.transport is not None
            request.transport.abort()
            return web.Response(status=499)  # goes nowhere
        if fault.kind == "garbled":
            return web.Response(text="<html>", content_type="application/json")
        parameters = {"retry_after": fault.retry_after} if fault.retry_after else {}
        raise Refusal(fault.status, fault.description, **parameters)

    async def _delayed(self, fault: Fault, method: str, given: dict[str, Any]) -> web.Response:
        """A caller who gives up waiting ends the handler, so without `after` the call then has no effect."""
        if not fault.after:
            await asyncio.sleep(fault.seconds)
        result = await self._carry_out(method, given)
        if fault.after:
            await asyncio.sleep(fault.seconds)
        return _ok(result)

    async def _carry_out(self, method: str, given: dict[str, Any]) -> Any:
        if method == "getUpdates":
            return await self._get_updates(given)
        return await call(self.state, method, given)

    def _check_token(self, token: str) -> None:
        if token != self.state.token:
            number, _, secret = token.partition(":")
            raise Refusal(401, "Unauthorized") if number.isdigit() and secret else Refusal(404, "Not Found")

    async def _get_updates(self, given: dict[str, Any]) -> list[dict[str, Any]]:
        state, limit, seconds = self.state, given.get("limit", 100), given.get("timeout", 0)
        if not 1 <= limit <= 100 or not 0 <= seconds <= 50:
            raise Refusal(400, "Bad Request: limit is 1 to 100 and timeout 0 to 50")
        if state.webhook:
            description = "can't use getUpdates method while webhook is active; use deleteWebhook to delete it first"
            raise Refusal(409, f"Conflict: {description}")
        if "allowed_updates" in given:
            state.allowed = tuple(given["allowed_updates"]) or ALL_BUT_RARE
        state.polls += 1
        state.offset = given.get("offset", 0)
        number = state.polls
        await self._confirm(state.offset)
        with contextlib.suppress(TimeoutError):
            await state.until(lambda: bool(state.updates or state.webhook or number != state.polls), seconds)
        if number != state.polls or state.webhook:
            description = "terminated by other getUpdates request; make sure that only one bot instance is running"
            raise Refusal(409, f"Conflict: {description}")
        return list(state.updates)[:limit]

    async def _confirm(self, offset: int) -> None:
        """Forget what lies below the offset; a negative one keeps that many from the end."""
        updates, before = self.state.updates, len(self.state.updates)
        while updates and (
            (offset > 0 and updates[0]["update_id"] < offset) or (offset < 0 and len(updates) > -offset)
        ):
            updates.popleft()
        if before > len(updates):
            await self.state.note("getUpdates", {"offset": offset}, confirmed=before - len(updates))
        else:
            await self.state.notify()  # ends the older poll

    async def _download(self, request: web.Request) -> web.Response:
        self._check_token(request.match_info["token"])
        for stored in self.state.files.values():
            if stored["file_path"] == request.match_info["path"]:
                return web.Response(body=stored["content"])
        return web.Response(status=404)

    # what the tests order

    async def _show_log(self, request: web.Request) -> web.Response:
        return web.json_response(self.state.log[int(request.query.get("since", "0")) :])

    async def _show_state(self, _: web.Request) -> web.Response:
        state = self.state
        blocked = [chat_id for chat_id, chat in state.chats.items() if chat.blocked]
        return web.json_response(
            {
                "pending": len(state.updates),
                "polls": state.polls,
                "answers": state.answers,
                "blocked": blocked,
                "commands": state.commands,
                "faults": sum(fault.times for fault in state.faults),
            }
        )

    async def _feed(self, request: web.Request) -> web.Response:
        try:
            return web.json_response(await self.state.feed(*await request.json()))
        except (Refusal, KeyError, TypeError) as error:
            return web.json_response({"error": repr(error)}, status=400)

    async def _open_chats(self, request: web.Request) -> web.Response:
        for chat_id in await request.json():
            self.state.open_chat(chat_id)
        return web.json_response({})

    async def _plan_faults(self, request: web.Request) -> web.Response:
        """A list adds faults, an empty one takes back those that have not happened."""
        planned = [Fault(**fault) for fault in await request.json()]
        self.state.faults = self.state.faults + planned if planned else []
        return web.json_response({})

    async def _wait(self, request: web.Request) -> web.Response:
        """{"count", "method", "seconds"}: answer with the log entries once there are so many, else 408."""
        try:
            return web.json_response(await self.state.until_logged(**await request.json()))
        except TimeoutError:
            return web.json_response({"error": "timed out", "sends": len(self.state.logged())}, status=408)


async def _parameters(request: web.Request) -> dict[str, Any]:
    """The parameters from the query and from a JSON, form or multipart body."""
    given: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = await request.json()
        except ValueError:
            raise Refusal(400, "Bad Request: can't parse JSON object") from None
        if not isinstance(body, dict):
            raise Refusal(400, "Bad Request: the body must be an object")
        return given | {name: value for name, value in body.items() if value is not None}
    if request.content_type == "multipart/form-data":
        async for part in await request.multipart():
            assert isinstance(part, BodyPartReader)
            assert part.name
            if part.filename is None:
                given[part.name] = await part.text()
            else:
                given[part.name] = upload = Upload(await part.read())
                upload.name = part.filename
        return given
    return given | dict(await request.post())


def _ok(result: Any) -> web.Response:
    return web.json_response({"ok": True, "result": result})


def _refused(refusal: Refusal) -> web.Response:
    answer: dict[str, Any] = {"ok": False, "error_code": refusal.status, "description": refusal.description}
    if refusal.parameters:
        answer["parameters"] = refusal.parameters
    return web.Response(text=json.dumps(answer), status=refusal.status, content_type="application/json")
