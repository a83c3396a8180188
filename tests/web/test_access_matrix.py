"""Every door of the web server and every topic of its sockets, tried by everybody: nobody, two customers, all roles."""

import asyncio
import json
import random
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from starlette.routing import Mount, Route, WebSocketRoute
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from bot import metrics
from bot.config import AccessSettings, Settings
from bot.web.guard import STAFF_COOKIE, VISITOR_COOKIE
from crm_core import campaigns, contacts, staff
from crm_core.conversations import Words, record
from crm_core.customers import welcome
from crm_core.models import (
    AuditEntry,
    ContactKind,
    Customer,
    CustomerTag,
    Identity,
    Kind,
    Role,
    Staff,
    Ticket,
    WebSession,
)
from crm_core.rules import access
from crm_core.tickets import open_ticket
from tests.web.conftest import Page
from tests.web.records_served import RealServed, over_records

_EVERYBODY = ("nobody", "customer a", "customer b", "agent", "supervisor", "marketer", "admin")
_STAFF = ("agent", "supervisor", "marketer", "admin")
_DESK = ("agent", "supervisor", "admin")
_CANARY = "canary-of-b"
_CARD, _MINE = "/desk/customers/{b}", "/desk/customers/{a}"

# Door, how it is tried, and what each of the seven gets, in the order of _EVERYBODY.
# `b` is a customer whose ticket a colleague has, `a` one whose ticket the agent has; agents see their own here.
_WANTED: dict[tuple[str, str], tuple[int, ...]] = {
    ("GET /", "/"): (307,) * 7,
    ("GET /chat", "/chat"): (200,) * 7,
    ("GET /chat/link/{token}", "/chat/link/made-up"): (200,) * 7,
    ("POST /chat/link/{token}", "/chat/link/made-up"): (403,) * 7,
    ("POST /chat/login", "/chat/login"): (403,) * 7,
    ("GET /desk/enter/{token}", "/desk/enter/made-up"): (200,) * 7,
    ("POST /desk/enter/{token}", "/desk/enter/made-up"): (403,) * 7,
    ("GET /healthz", "/healthz"): (200,) * 7,
    ("GET /readyz", "/readyz"): (200,) * 7,
    ("GET /metrics", "/metrics"): (200,) * 7,
    ("POST /chat/upload", "/chat/upload"): (403, 400, 400, 403, 403, 403, 403),
    ("GET /files/{file_id}", "/files/a1"): (404,) * 7,
    ("GET /desk", "/desk"): (403, 403, 403, 200, 200, 200, 200),
    ("POST /desk/upload", "/desk/upload"): (403, 403, 403, 400, 400, 400, 400),
    ("GET /desk/customers", "/desk/customers?words=nobody"): (403, 403, 403, 200, 200, 403, 200),
    ("GET /desk/customers/{number}", _CARD): (403, 403, 403, 404, 200, 403, 200),
    ("GET /desk/customers/{number}", _MINE): (403, 403, 403, 200, 200, 403, 200),
    ("GET /desk/customers/{number}?reveal=1", _CARD + "?reveal=1"): (403, 403, 403, 404, 200, 403, 200),
    ("GET /desk/customers/{number}?reveal=1", _MINE + "?reveal=1"): (403, 403, 403, 200, 200, 403, 200),
    ("POST /desk/customers/{number}", _CARD): (403, 403, 403, 404, 200, 403, 200),
    ("POST /desk/customers/{number}", _MINE): (403, 403, 403, 200, 200, 403, 200),
    ("GET /desk/customers/{number}/timeline", _CARD + "/timeline"): (403, 403, 403, 404, 200, 403, 200),
    ("GET /desk/customers/{number}/timeline", _MINE + "/timeline"): (403, 403, 403, 200, 200, 403, 200),
    ("POST /desk/leave", "/desk/leave"): (303,) * 7,
}
_TOPICS: dict[str, tuple[str, ...]] = {
    "home": _STAFF,
    "ticket:{a}": _DESK,
    "ticket:{b}": ("supervisor", "admin"),
    "campaign:{c}": ("marketer", "admin"),
    "person:{b}": (),
    "ticket:": (),
    "ticket:99999999999999999999": (),
}


@dataclass
class Shop:
    """A served shop, whose cookies are whose, and what there is."""

    served: RealServed
    cookies: dict[str, dict[str, str]] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)  # customers, for addresses
    ids: dict[str, int] = field(default_factory=dict)  # tickets and the campaign, for topics


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    """Agents see their own; A's ticket is the agent's, B's is another agent's."""
    settings = replace(Settings(), folder=tmp_path, access=AccessSettings(agents_see="own"))
    async with over_records(settings) as served:
        metrics.add_to(served.server.app, served.app)
        made = Shop(served, {"nobody": {}})
        for name in ("customer a", "customer b"):
            made.cookies[name] = {VISITOR_COOKIE: await served.visitor_cookie()}
        for role in (Role.AGENT, Role.SUPERVISOR, Role.MARKETER, Role.ADMIN):
            made.cookies[role] = {STAFF_COOKIE: await served.staff_cookie(role.title(), role)}
        await served.staff_cookie("Other", Role.AGENT)
        for short, holder in (("a", "Agent"), ("b", "Other")):
            await with_ticket(made, short, holder)
        async with served.app.records.write() as work:
            campaign = await campaigns.plan(
                work, texts={"en": "Tea."}, audience="all", starts_at=work.now.replace(year=2090), staff_id=None
            )
            made.ids["c"] = campaign.id
        yield made


async def with_ticket(shop: Shop, short: str, holder: str) -> None:
    visitor = await shop.served.records_house.visitor(shop.cookies[f"customer {short}"][VISITOR_COOKIE])
    async with shop.served.app.records.write() as work:
        _identity, customer, conversation = await welcome(
            work,
            channel="webchat",
            external_id=visitor.address,
            chat=visitor.address,
            language="en",
            name=f"canary-of-{short}",
        )
        await work.session.flush()
        contacts.add(work, customer, ContactKind.EMAIL, f"canary-of-{short}@example.com", main=True)
        said = await record(work, conversation, Words(kind=Kind.MESSAGE, text=f"canary-of-{short} writes"))
        ticket = await open_ticket(work, conversation, said, "asked_for_person")
        (colleague,) = await staff.named(work, holder)
        ticket.assignee_id = colleague.id
        shop.ids[short] = ticket.id
        shop.numbers[short] = customer.number or 0


async def rows(shop: Shop, table: type[Any]) -> list[Any]:
    async with shop.served.app.records.read() as work:
        return list((await work.session.scalars(select(table))).all())


# ---- doors ----


def doors_of(app: Any) -> set[str]:
    """Every route that there is, as the table names it."""
    found = set()
    for route in app.routes:
        if isinstance(route, Mount):
            assert route.path == "/static"
        elif isinstance(route, Route):
            found |= {f"{method} {route.path}" for method in route.methods or () if method != "HEAD"}
        else:
            found.add(f"SOCKET {route.path}")
            assert isinstance(route, WebSocketRoute) or hasattr(route, "path")
    return found


async def test_every_door_is_in_the_table_and_every_door_of_the_table_is_tried(shop: Shop) -> None:
    """A new route without an entry, and an entry without a try, turn this red."""
    plain = {door.partition("?")[0] for door in access.DOORS}
    sockets = {door for door in access.DOORS if door.startswith("SOCKET ")}

    assert doors_of(shop.served.server.app) == plain
    assert {door for door, _path in _WANTED} == access.DOORS.keys() - sockets
    assert set(access.DOORS.values()) <= access.ACTS.keys()
    assert set(access.TOPICS.values()) <= access.ACTS.keys()


async def test_each_door_opens_for_whom_the_table_says(shop: Shop) -> None:
    """And nobody but who may is shown a word of B, or writes one."""
    for who in _EVERYBODY:
        await try_doors(shop, who)


async def try_doors(shop: Shop, who: str) -> None:
    place = _EVERYBODY.index(who)
    for (door, path), wanted in _WANTED.items():
        method, _, _rest = door.partition(" ")
        address = path.format(**shop.numbers)
        async with shop.served.client(cookies=shop.cookies[who], follow_redirects=False) as browser:
            body = {"do": "add", "field": "tag", "text": f"by-{who}", "contact": ""} if "customers" in path else None
            answer = await browser.request(method, address, json=body if method == "POST" else None)
        assert answer.status_code == wanted[place], (door, who)
        if wanted[place] >= 400:
            assert _CANARY not in answer.text, (door, who)
        expected = "nobody" if who == "nobody" else "customer" if who.startswith("customer") else who
        if wanted[place] == 200 and expected not in ("nobody", "customer"):
            assert access.may(expected, access.DOORS[door]), (door, who)
    tags = {(one.customer_id, one.tag) for one in await rows(shop, CustomerTag)}
    people = {one.number: one.id for one in await rows(shop, Customer)}
    assert ((people[shop.numbers["b"]], f"by-{who}") in tags) == (who in ("supervisor", "admin"))
    assert ((people[shop.numbers["a"]], f"by-{who}") in tags) == (who in _DESK)


async def test_who_is_refused_at_a_door_is_on_record_once_a_minute(shop: Shop) -> None:
    who = "marketer"
    async with shop.served.client(cookies=shop.cookies[who]) as browser:
        for _ in range(20):
            assert (await browser.get(f"/desk/customers/{shop.numbers['b']}")).status_code == 403

    denied = [one for one in await rows(shop, AuditEntry) if one.act == "access.denied"]
    (member,) = [one for one in await rows(shop, Staff) if one.role == who]
    assert [(one.staff_id, one.detail) for one in denied] == [(member.id, {"wanted": "customer.show"})]


# ---- topics ----


async def frames(shop: Shop, path: str, cookies: dict[str, str], topic: str) -> list[dict[str, Any]]:
    """What a page hears when it opens a topic, until it is answered; a closed socket is a frame of its own."""
    url = shop.served.url
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    headers = {"Origin": url, **({"Cookie": cookie} if cookie else {})}
    heard: list[dict[str, Any]] = []
    async with connect(url.replace("http", "ws", 1) + path, additional_headers=headers, proxy=None) as socket:
        try:
            await socket.send(json.dumps({"type": "hello", "cursor": {"home": 0}, "language": "en"}))
            await socket.send(json.dumps({"type": "open", "thread": topic, "cursor": 0}))
            while True:
                heard.append(json.loads(await socket.recv()))
                if heard[-1].get("thread") == topic:
                    return heard
        except ConnectionClosed as closed:
            return [*heard, {"type": "closed", "code": closed.rcvd.code if closed.rcvd else 0}]


async def test_each_topic_is_read_by_whom_the_table_says(shop: Shop) -> None:
    for who in _EVERYBODY:
        await try_topics(shop, who)


async def try_topics(shop: Shop, who: str) -> None:
    for topic, readers in _TOPICS.items():
        heard = await frames(shop, "/desk/socket", shop.cookies[who], topic.format(**shop.ids))
        if who not in _STAFF:
            assert heard[-1] == {"type": "closed", "code": 4401}, (topic, who)
            continue
        assert (heard[-1]["type"] == "messages") == (who in readers), (topic, who)
        if who not in ("supervisor", "admin"):
            assert _CANARY not in json.dumps(heard), (topic, who)


def test_every_kind_of_topic_is_tried() -> None:
    assert access.TOPICS.keys() - {""} <= {topic.partition(":")[0] for topic in _TOPICS}


async def test_a_customers_page_reads_their_own_talk_only(shop: Shop) -> None:
    for short, other in (("a", "b"), ("b", "a")):
        cookies = shop.cookies[f"customer {short}"]
        async with shop.served.page("/chat/socket", cookies[VISITOR_COOKIE]) as page:
            await page.send(type="open", thread=f"ticket:{shop.ids[other]}", cursor=0)
            heard = await page.hear_text(f"canary-of-{short} writes")
            assert f"canary-of-{other}" not in json.dumps(heard)


# ---- gone within a second ----


async def test_a_revoked_colleague_is_gone_everywhere_within_a_second(shop: Shop) -> None:
    """The open page is closed, the session is over, and a message that was on its way is not taken."""
    cookie = shop.cookies["agent"][STAFF_COOKIE]
    async with shop.served.page("/desk/socket", cookie, cursor={"home": 0}) as page:
        await page.hear("threads")
        async with shop.served.app.records.write() as work:
            (colleague,) = await staff.named(work, "Agent")
            await staff.revoke(work, colleague, None)
        assert await code_of(page) == 4401

    async with shop.served.client(cookies={STAFF_COOKIE: cookie}) as browser:
        assert (await browser.get("/desk")).status_code == 403
    assert [one for one in await rows(shop, WebSession) if one.identity_id == await identity_of(shop, "Agent")] == []
    (ticket,) = [one for one in await rows(shop, Ticket) if one.id == shop.ids["a"]]
    assert ticket.assignee_id is None


async def code_of(page: Page) -> int:
    """With which code the server closes a page that goes on reading."""
    try:
        while True:
            await page.socket.recv()
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 0


async def identity_of(shop: Shop, name: str) -> int:
    (colleague,) = [one for one in await rows(shop, Staff) if one.name == name]
    (identity,) = [one for one in await rows(shop, Identity) if one.staff_id == colleague.id]
    return int(identity.id)


async def test_another_role_counts_on_the_open_page_at_once(shop: Shop) -> None:
    """A supervisor who is an agent from now on loses sight of what others have."""
    async with shop.served.page("/desk/socket", shop.cookies["supervisor"][STAFF_COOKIE], cursor={"home": 0}) as page:
        first = await page.hear("threads")
        assert {one["id"] for one in first["threads"]} >= {f"ticket:{shop.ids['a']}", f"ticket:{shop.ids['b']}"}
        async with shop.served.app.records.write() as work:
            (colleague,) = await staff.named(work, "Supervisor")
            await staff.change_role(work, colleague, Role.AGENT, None)

        while {one["id"] for one in (await page.hear("threads"))["threads"]} & {f"ticket:{shop.ids['b']}"}:
            pass


# ---- forgeries ----


def forged(rng: random.Random, real: str) -> str:
    """A session that nobody was given: drawn, cut, longer, with one letter changed, or nonsense."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    place = rng.randrange(len(real))
    return rng.choice(
        [
            "".join(rng.choices(letters, k=43)),
            real[:place],
            real + rng.choice(letters),
            real[:place] + rng.choice([one for one in letters if one != real[place]]) + real[place + 1 :],
            real[::-1],
            real.swapcase(),
            str(rng.getrandbits(63)),
            "%00" + real,
        ]
    )


async def test_of_a_thousand_forged_sessions_none_is_taken(shop: Shop) -> None:
    """Neither for a colleague nor for another customer; nothing is written for them."""
    rng = random.Random(20_261_123)
    house = shop.served.records_house
    colleague, visitor = shop.cookies["admin"][STAFF_COOKIE], shop.cookies["customer b"][VISITOR_COOKIE]
    theirs = (await house.visitor(visitor)).address
    before = len(await rows(shop, Identity))
    for _ in range(500):
        assert await house.staff(forged(rng, colleague)) is None
        assert (await house.visitor(forged(rng, visitor))).address != theirs
    assert await house.staff(visitor) is None
    assert (await house.visitor(colleague)).address != theirs
    assert len(await rows(shop, Identity)) == before


async def test_forged_sessions_open_no_door(shop: Shop) -> None:
    """The same over the wire, in both cookies."""
    rng = random.Random(7)
    for _ in range(20):
        wrong = forged(rng, shop.cookies["admin"][STAFF_COOKIE])
        async with shop.served.client(cookies={STAFF_COOKIE: wrong, VISITOR_COOKIE: wrong}) as browser:
            assert (await browser.get("/desk")).status_code == 403
            assert (await browser.get(f"/desk/customers/{shop.numbers['b']}")).status_code == 403
    assert (await frames(shop, "/desk/socket", {STAFF_COOKIE: secrets.token_urlsafe(32)}, "home"))[-1]["code"] == 4401


async def test_of_a_hundred_who_enter_by_one_link_at_once_one_does(shop: Shop) -> None:
    """The others are nobody's colleague, and that they tried is on record once a minute."""
    token = await shop.served.invite(Role.AGENT, "Newcomer")
    before = len(await rows(shop, Staff))

    sessions = await asyncio.gather(*(shop.served.records_house.enter(token, "en") for _ in range(100)))

    assert len([one for one in sessions if one is not None]) == 1
    assert len(await rows(shop, Staff)) == before + 1
    refused = [one for one in await rows(shop, AuditEntry) if one.act == "access.denied"]
    assert [one.detail for one in refused] == [{"wanted": "staff.join"}]
