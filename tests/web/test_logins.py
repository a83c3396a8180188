"""Who the shop's own site says is logged in: let in once, by its signature, and nobody by anything else."""

import base64
import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot.config import ConfigError, Settings, WebSettings
from bot.logins import Logins
from bot.web.guard import VISITOR_COOKIE
from crm_core import contacts, identities
from crm_core.conversations import name_of
from crm_core.identities import LoginFailed
from crm_core.models import Base, Customer, Identity, Merge, MergeSuggestion, UsedNonce
from tests.builders import settings_in
from tests.web.records_served import RealServed, over_records

SECRET = "a secret of the shop, long enough for HS256, and for the HS512 that is refused"
OTHER = "another secret, also long enough for HS256."
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def token(secret: str = SECRET, now: datetime = NOW, **claims: Any) -> str:
    """A token as the shop's own site makes it; None leaves a claim out."""
    whole = {"sub": "C-1001", "jti": "nonce-1", "exp": int(now.timestamp()) + 300, **claims}
    return jwt.encode({name: value for name, value in whole.items() if value is not None}, secret, algorithm="HS256")


def unsigned(algorithm: str, now: datetime = NOW) -> str:
    """A token without a signature that says so, or lies."""
    claims = {"sub": "C-1001", "jti": "nonce-1", "exp": int(now.timestamp()) + 300}
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
        for part in ({"alg": algorithm, "typ": "JWT"}, claims)
    ]
    return ".".join((*parts, ""))


def seconds(amount: float) -> float:
    """A moment so many seconds from now, as tokens write it."""
    return NOW.timestamp() + amount


def test_a_good_token_says_who_it_is() -> None:
    login = Logins(SECRET).read(token(name=" Ana ", email="ana@example.com", phone="+49151"), NOW)

    assert (login.reference, login.name, login.email, login.phone) == ("C-1001", "Ana", "ana@example.com", "+49151")


@pytest.mark.parametrize(
    "bad",
    [
        token(OTHER),
        unsigned("none"), unsigned("None"), unsigned("HS256"),
        jwt.encode({"sub": "C-1001", "jti": "n", "exp": int(seconds(300))}, SECRET, algorithm="HS512"),
        token(exp=seconds(-61)), token(exp=seconds(661)), token(exp=None), token(exp="soon"), token(exp=True),
        token(exp=1e300), token(exp=float("inf")),
        token(sub=None), token(sub=""), token(sub="x" * 191), token(sub="a\nb"), token(sub=" "),
        token(jti=None), token(jti=""), token(jti="x" * 191),
        token(name=7), token(email=["a@example.com"]), token(phone={}), token(name="x" * 101),
        token(nbf=seconds(61)), token(iat=seconds(61)), token(iat="now"),
        token()[:-2], token() + "x", "x" + token(), "", ".", "..", "...", "a.b.c", "x" * 5_000, "\ud800", "你好",
    ],
)  # fmt: skip
def test_any_other_token_is_refused(bad: str) -> None:
    with pytest.raises(LoginFailed):
        Logins(SECRET).read(bad, NOW)


@pytest.mark.parametrize("claims", [{"exp": seconds(-59)}, {"exp": seconds(659)}, {"iat": seconds(59)}])
def test_two_clocks_may_be_a_minute_apart(claims: dict[str, Any]) -> None:
    assert Logins(SECRET).read(token(**claims), NOW).reference == "C-1001"


@settings(max_examples=200)
@given(place=st.integers(0, 10_000), letter=st.sampled_from("abcxyzABCXYZ0189-_."))
def test_no_letter_of_a_token_can_be_changed(place: int, letter: str) -> None:
    """Whatever is changed, it is refused; the last letter alone has bits that no signature holds."""
    good = token()
    place %= len(good) - 1
    if good[place] == letter:
        return

    with pytest.raises(LoginFailed):
        Logins(SECRET).read(good[:place] + letter + good[place + 1 :], NOW)


# ---- at the web chat ----


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[RealServed]:
    """The pages over an empty database of a shop that signs logins."""
    async with over_records(settings_in(tmp_path, WEB__ENABLED="true"), Logins(SECRET)) as opened:
        yield opened


async def enter(client: httpx2.AsyncClient, **claims: Any) -> int:
    """Open the chat with a signed login; the status of the answer."""
    answer = await client.get("/chat", params={"login": token(now=datetime.now(UTC), **claims)})
    return int(answer.status_code)


async def rows(served: RealServed, table: type[Base]) -> Sequence[Any]:
    """All rows of a table."""
    async with served.app.records.read() as work:
        return (await work.session.scalars(select(table))).all()


async def test_a_login_makes_the_visitor_the_shops_customer(served: RealServed) -> None:
    """The token leaves the address, the record has what the shop says, and the next visit needs no login."""
    async with served.client() as client:
        answer = await client.get(
            "/chat",
            params={"login": token(now=datetime.now(UTC), name="Ana", email="ana@example.com", phone="+4915112345678")},
        )
        assert (answer.status_code, answer.headers["location"]) == (303, "/chat")
        assert client.cookies[VISITOR_COOKIE]

    (customer,) = await rows(served, Customer)
    web, shop = sorted(await rows(served, Identity), key=lambda one: str(one.channel), reverse=True)
    assert (web.channel, shop.channel, shop.external_id) == ("webchat", "shop", "C-1001")
    assert {web.customer_id, shop.customer_id} == {customer.id}
    assert (web.proof, shop.proof) == ("login", "login")
    async with served.app.records.read() as work:
        assert await name_of(work, customer) == "Ana"
        reaches = await contacts.of(work, customer.id)
    assert {(one.kind, one.value) for one in reaches} == {("email", "ana@example.com"), ("phone", "+4915112345678")}
    assert all(one.verified_at for one in reaches)


async def test_a_login_is_used_once(served: RealServed) -> None:
    async with served.client() as first, served.client() as second:
        again = token(now=datetime.now(UTC))
        assert (await first.get("/chat", params={"login": again})).status_code == 303
        assert (await second.get("/chat", params={"login": again})).status_code == 403
        assert VISITOR_COOKIE not in second.cookies
    assert len(await rows(served, UsedNonce)) == 1


async def test_a_hundred_forged_expired_and_replayed_logins_let_nobody_in(served: RealServed) -> None:
    now = datetime.now(UTC)
    used = token(now=now)
    bad = [token(OTHER, now, jti=f"n{number}") for number in range(30)]
    bad += [token(now=now - timedelta(hours=1), jti=f"e{number}") for number in range(30)]
    bad += [unsigned("none", now)] * 10 + [used] * 30
    async with served.client() as client:
        assert (await client.get("/chat", params={"login": used})).status_code == 303
    before = len(await rows(served, Identity))

    async with served.client() as client:
        answers = [(await client.get("/chat", params={"login": one})).status_code for one in bad]

    assert len(answers) == 100
    assert set(answers) == {403}
    assert len(await rows(served, Identity)) == before


async def test_the_same_customer_in_two_browsers_is_one_customer(served: RealServed) -> None:
    """And what a visitor had said before the login is theirs: merged by proof, and on record as such."""
    async with served.client() as first, served.client() as second:
        await enter(first)
        await second.get("/chat")
        async with served.page("/chat/socket", second.cookies[VISITOR_COOKIE]) as page:
            await page.send(type="say", client_id="c-1", text="How long does delivery take?")
            await page.hear("ack")
            await page.hear("messages")
        assert len(await rows(served, Customer)) == 2
        assert await enter(second, jti="nonce-2") == 303

    (merge,) = await rows(served, Merge)
    assert merge.proof == "login"
    assert len({one.customer_id for one in await rows(served, Identity)}) == 1


async def test_two_people_at_one_browser_stay_two(served: RealServed) -> None:
    """The second gets a talk of their own, and sees nothing of the first."""
    async with served.client() as client:
        await enter(client)
        first = client.cookies[VISITOR_COOKIE]
        assert await enter(client, sub="C-2002", jti="nonce-2") == 303
        second = client.cookies[VISITOR_COOKIE]

    assert first != second
    assert len(await rows(served, Customer)) == 2
    assert await rows(served, Merge) == []


async def test_an_equal_address_is_suggested_and_never_merged(served: RealServed) -> None:
    async with served.client() as first, served.client() as second:
        await enter(first, email="ana@example.com")
        await enter(second, sub="C-2002", jti="nonce-2", email="ANA@example.com")

    (suggestion,) = await rows(served, MergeSuggestion)
    assert suggestion.reason == "email"
    assert await rows(served, Merge) == []


async def test_an_erased_customer_is_not_let_in(served: RealServed) -> None:
    async with served.client() as client:
        await enter(client)
        async with served.app.records.write() as work:
            (await work.session.scalars(select(Customer))).one().key = None
        assert await enter(client, jti="nonce-2") == 403


async def test_without_a_secret_no_login_is_taken(tmp_path: Path) -> None:
    async with over_records(settings_in(tmp_path, WEB__ENABLED="true")) as served, served.client() as client:
        assert await enter(client) == 403


async def test_used_logins_are_forgotten_in_time(served: RealServed) -> None:
    """Not while one of them could still be good."""
    async with served.client() as client:
        await enter(client)
    async with served.app.records.write() as work:
        assert await identities.clear_nonces(work) == 0
        work.now += timedelta(hours=2)
        assert await identities.clear_nonces(work) == 1


# ---- a link from another chat ----


async def link_of(served: RealServed, client: httpx2.AsyncClient) -> str:
    """A link that the visitor of this browser asked for."""
    served.app.shop.elsewhere["telegram"] = "https://t.me/test_shop_bot?start="
    async with served.page("/chat/socket", client.cookies[VISITOR_COOKIE]) as page:
        await page.send(type="say", client_id="c-1", text="/continue")
        while True:
            for message in (await page.hear("messages"))["messages"]:
                for button in (button for row in message["buttons"] for button in row):
                    return str(button["url"]).partition("=")[2]


async def test_a_link_is_followed_in_a_browser_by_pressing_only(served: RealServed) -> None:
    """Looking uses nothing up, as a preview of the link does; it works once, and both talks say so."""
    async with served.client() as first, served.client() as second, served.client() as third:
        await first.get("/chat")
        path = f"/chat/link/{await link_of(served, first)}"
        assert "Yes, that was me" in (await second.get(path)).text
        assert (await second.post(path)).status_code == 303
        assert (await third.post(path)).status_code == 403
        async with served.page("/chat/socket", second.cookies[VISITOR_COOKIE]) as page:
            await page.hear_text("We know each other from the web chat, too")

    assert len({one.customer_id for one in await rows(served, Identity)}) == 1
    assert len(await rows(served, Identity)) == 2


async def test_a_forged_link_makes_nobody_known(served: RealServed) -> None:
    async with served.client() as client:
        for path in ("/chat/link/link_" + "x" * 32, "/chat/link/x", "/chat/link/" + "x" * 3000):
            assert (await client.get(path)).status_code == 200
            assert (await client.post(path)).status_code == 403
        refused = await client.post("/chat/link/x", headers={"Origin": "https://elsewhere.example"})
        assert refused.status_code == 403
    assert await rows(served, Identity) == []


def test_the_secret_is_read_from_its_file(tmp_path: Path) -> None:
    web = WebSettings(login_secret_file="login.secret")
    with pytest.raises(ConfigError, match="cannot be read"):
        Settings(folder=tmp_path, web=web).read_login_secret()
    (tmp_path / "login.secret").write_text("short\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="32 bytes or more"):
        Settings(folder=tmp_path, web=web).read_login_secret()
    (tmp_path / "login.secret").write_text(f"{SECRET}\n", encoding="utf-8")

    secret = Settings(folder=tmp_path, web=web).read_login_secret()

    assert secret is not None
    assert secret.get_secret_value() == SECRET
    assert SECRET not in repr(secret)
    assert Settings(folder=tmp_path).read_login_secret() is None


# ---- by a message of the site around the page ----


@pytest.fixture
async def framed(tmp_path: Path) -> AsyncIterator[RealServed]:
    """A shop whose site may show the chat in a frame."""
    async with over_records(
        settings_in(tmp_path, WEB__ENABLED="true"), Logins(SECRET), ("https://www.example.com",)
    ) as opened:
        yield opened


async def test_only_the_sites_that_were_named_may_frame_the_chat(framed: RealServed, served: RealServed) -> None:
    for one, who in ((framed, "https://www.example.com"), (served, "'none'")):
        async with one.client() as client:
            chat, desk = await client.get("/chat"), await client.get("/desk")
        assert f"frame-ancestors {who}" in chat.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in desk.headers["content-security-policy"]


async def test_a_login_in_the_body_signs_in_and_anything_else_is_refused(framed: RealServed) -> None:
    cookie = await framed.visitor_cookie()
    now = framed.app.records.clock()
    good = token(now=now)
    async with framed.client() as client:
        client.cookies.set(VISITOR_COOKIE, cookie)
        ours, theirs = {"origin": framed.url}, {"origin": "https://evil.example"}
        assert (await client.post("/chat/login", content=good, headers=theirs)).status_code == 403
        assert (await client.post("/chat/login", content="x" * 5_000, headers=ours)).status_code == 413
        assert (await client.post("/chat/login", content=token(OTHER, now=now), headers=ours)).status_code == 403
        assert (await client.post("/chat/login", content=good, headers=ours)).status_code == 204
        assert (await client.post("/chat/login", content=good, headers=ours)).status_code == 403
    async with framed.app.records.read() as work:
        assert len((await work.session.scalars(select(Identity).where(Identity.proof == "login"))).all()) == 2
