"""The pages over HTTP: links that work once, cookies out of reach of scripts, files that can do no harm, health."""

import pytest

from bot.web.files import LARGEST_FILE, clean_name, sniff
from bot.web.guard import STAFF_COOKIE, VISITOR_COOKIE
from bot.web.house import Shop
from bot.web.server import PortInUse, WebServer, create_app
from tests.web.conftest import Served
from tests.web.fake_house import FakeHouse

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 32


async def test_the_root_leads_customers_to_the_chat(served: Served) -> None:
    """A shop's customers need to know no path."""
    async with served.client() as client:
        answer = await client.get("/")

    assert (answer.status_code, answer.headers["location"]) == (307, "/chat")


async def test_pages_run_only_our_own_scripts_and_ask_nobody_else(served: Served) -> None:
    """A strict policy, and not one address of another site in the page."""
    async with served.client() as client:
        answer = await client.get("/chat")

    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "http://" not in answer.text
    assert "https://" not in answer.text


async def test_the_visitors_cookie_stays_and_does_not_name_the_address(served: Served) -> None:
    """Out of reach of scripts, the same at the next visit, and nothing is recorded by looking."""
    async with served.client() as client:
        first = await client.get("/chat")
        second = await client.get("/chat")

    cookie = first.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "set-cookie" not in second.headers
    visitor = await served.house.visitor(first.cookies[VISITOR_COOKIE])
    assert visitor.address not in first.text
    assert first.cookies[VISITOR_COOKIE] not in first.text
    assert not served.house.talks


async def test_a_staff_link_works_once(served: Served) -> None:
    """Looking at it uses nothing up; the press does; a second press is told so."""
    invite = served.house.invite()
    async with served.client() as client:
        looks = [await client.get(f"/desk/enter/{invite}") for _ in range(3)]
        entered = await client.post(f"/desk/enter/{invite}")
        desk = await client.get("/desk")
    async with served.client() as somebody_else:
        again = await somebody_else.post(f"/desk/enter/{invite}")

    assert [look.status_code for look in looks] == [200] * 3
    assert (entered.status_code, entered.headers["location"]) == (303, "/desk")
    assert "HttpOnly" in entered.headers["set-cookie"]
    assert "SameSite=lax" in entered.headers["set-cookie"]
    assert desk.status_code == 200
    assert again.status_code == 403
    assert STAFF_COOKIE not in again.cookies


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ""])
async def test_another_site_cannot_use_a_link_up(served: Served, origin: str) -> None:
    """A form on another site is refused before the token is looked at."""
    invite = served.house.invite()
    async with served.client() as client:
        refused = await client.post(f"/desk/enter/{invite}", headers={"Origin": origin})
        entered = await client.post(f"/desk/enter/{invite}")

    assert refused.status_code == 403
    assert entered.status_code == 303


async def test_behind_a_proxy_the_configured_address_counts() -> None:
    """Where the Host header is the proxy's, base_url says which origin is ours, and https makes cookies secure."""
    house = FakeHouse()
    server = WebServer(create_app(house, house.webchat, base_url="https://help.example.com"), port=0)
    await server.start()
    served = Served(house, server)
    async with served.client() as client:
        headers = {"Origin": "https://help.example.com"}
        entered = await client.post(f"/desk/enter/{house.invite()}", headers=headers)
    await server.stop()

    assert entered.status_code == 303
    assert "Secure" in entered.headers["set-cookie"]


async def test_without_a_session_the_desk_says_how_to_get_one(served: Served) -> None:
    """No list, no names: only a sentence."""
    async with served.client() as client:
        answer = await client.get("/desk", headers={"Accept-Language": "zh-CN,zh;q=0.9"})

    assert answer.status_code == 403
    assert "工作台需要您的专属链接" in answer.text


async def test_leaving_ends_the_session(served: Served) -> None:
    """The cookie is worth nothing afterwards, even to somebody who copied it."""
    async with served.client() as client:
        await client.post(f"/desk/enter/{served.house.invite()}")
        await client.post("/desk/leave")
        answer = await client.get("/desk")

    assert answer.status_code == 403
    assert not served.house.sessions


async def test_an_uploaded_photo_is_seen_by_its_sender_and_by_staff_only(served: Served) -> None:
    """Another visitor gets the words for missing."""
    async with served.client() as ana, served.client() as eve, served.client() as staff:
        await ana.get("/chat")
        await eve.get("/chat")
        await staff.post(f"/desk/enter/{served.house.invite()}")
        kept = (await ana.post("/chat/upload", files={"file": ("../teapot.png", PNG)})).json()
        address = kept["ref"].replace("file:", "/files/")
        own, others, desks, none = (
            await ana.get(address),
            await eve.get(address),
            await staff.get(address),
            await eve.get("/files/no-such-file"),
        )

    assert (kept["kind"], kept["file_name"], kept["size"]) == ("photo", "teapot.png", len(PNG))
    assert own.content == desks.content == PNG
    assert own.headers["content-type"] == "image/png"
    assert own.headers["content-security-policy"].startswith("sandbox")
    assert own.headers["content-disposition"].startswith("inline")
    assert (others.status_code, others.text) == (404, none.text)


@pytest.mark.parametrize(
    ("name", "data", "status", "key"),
    [
        ("page.html", b"<html><script>alert(1)</script>", 415, "file_kind"),
        ("photo.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "file_kind"),
        ("tool.exe", b"MZ\x90\0", 415, "file_kind"),
        ("nothing.txt", b"", 400, "file_missing"),
        ("big.txt", b"x" * (LARGEST_FILE + 1), 413, "file_too_large"),
    ],
)
async def test_other_files_are_refused_by_name(served: Served, name: str, data: bytes, status: int, key: str) -> None:
    """What counts is what the bytes are, not what the name says."""
    async with served.client() as client:
        await client.get("/chat")
        answer = await client.post("/chat/upload", files={"file": (name, data)})

    assert (answer.status_code, answer.json()["key"]) == (status, key)
    assert not served.house.files


async def test_a_document_is_offered_to_save_and_never_shown(served: Served) -> None:
    """Even a text file is not opened in our own origin."""
    async with served.client() as client:
        await client.get("/chat")
        kept = (await client.post("/chat/upload", files={"file": ("发票 1.txt", "抬头".encode())})).json()
        answer = await client.get(kept["ref"].replace("file:", "/files/"))

    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%E5%8F%91")


async def test_one_visitor_cannot_fill_the_disk(served: Served) -> None:
    """After twenty files within ten minutes the next one waits."""
    async with served.client() as client:
        await client.get("/chat")
        answers = [await client.post("/chat/upload", files={"file": ("a.png", PNG)}) for _ in range(21)]

    assert [answer.status_code for answer in answers] == [200] * 20 + [429]


async def test_upload_needs_a_page_of_ours(served: Served) -> None:
    """No cookie, no upload; another site's page, no upload."""
    async with served.client() as client:
        without = await client.post("/chat/upload", files={"file": ("a.png", PNG)})
        await client.get("/chat")
        elsewhere = await client.post(
            "/chat/upload", files={"file": ("a.png", PNG)}, headers={"Origin": "https://evil.example"}
        )

    assert (without.status_code, elsewhere.status_code) == (403, 403)


@pytest.mark.parametrize(
    ("given", "kept"),
    [("../../etc/passwd", "passwd"), ("C:\\photos\\a.png", "a.png"), ("a\u202e\ngnp.exe", "agnp.exe"), ("..", "file")],
)
def test_file_names_lose_folders_and_tricks(given: str, kept: str) -> None:
    """What is left can be shown and saved anywhere."""
    assert clean_name(given) == kept


def test_the_bytes_say_what_a_file_is() -> None:
    """Not its name, and not the browser's word."""
    assert sniff(PNG) == "image/png"
    assert sniff(b"%PDF-1.7 ...") == "application/pdf"
    assert sniff("您好".encode()) == "text/plain"
    assert sniff(b"PK\x03\x04 broken archive") is None
    assert sniff(b"\xff\xfe\x00") is None


async def test_health(served: Served) -> None:
    """The process lives; the process can work."""
    async with served.client() as client:
        alive, ready = await client.get("/healthz"), await client.get("/readyz")

    assert alive.json() == {"alive": True}
    assert (ready.status_code, ready.json()["ready"], ready.json()["database"]) == (200, True, True)


async def test_a_port_in_use_is_said_by_name(served: Served) -> None:
    """Before anything else is started."""
    house = FakeHouse()
    second = WebServer(create_app(house, house.webchat), port=served.server.port)
    with pytest.raises(PortInUse) as taken:
        second.bind()

    assert (taken.value.host, taken.value.port) == ("127.0.0.1", served.server.port)
    assert "another program" in str(taken.value)


async def test_what_is_not_here_has_a_page(served: Served) -> None:
    """The same words for missing and forbidden, in the visitor's language."""
    async with served.client() as client:
        answer = await client.get("/nowhere", headers={"Accept-Language": "zh"})

    assert answer.status_code == 404
    assert "没有这一页，或您无权查看" in answer.text


async def test_our_own_fault_has_a_page_that_says_what_is_safe() -> None:
    """Even when the house itself cannot say its name; no traceback reaches the browser."""

    class Broken(FakeHouse):
        async def shop(self) -> Shop:
            raise OSError("the records are away")

    house = Broken()
    server = WebServer(create_app(house, house.webchat), port=0)
    await server.start()
    async with Served(house, server).client() as client:
        answer = await client.get("/chat")
    await server.stop()

    assert answer.status_code == 500
    assert "it is our fault" in answer.text
    assert "records are away" not in answer.text
