"""Bad input: whatever a person sends is on record exactly once, is answered, and sets nothing aside."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot import handlers
from crm_core.models import Inbox, Interaction, Kind
from tests.builders import House, Person

_INBOUND = (Kind.MESSAGE, Kind.PRESS, Kind.COMMAND, Kind.NOTE, Kind.AGENT)
_SURROGATES = st.text(st.characters(), max_size=60)
_ODD = [
    "",
    " ",
    "\0",
    "a\0b",
    "\ud800",
    "\udfff lone",
    "مرحبا كيف الحال",
    "\u202e reversed",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!͖̬̰̙̗̿̋ͥͥ̂ͣ̐́́͜͞",
    "👩‍👩‍👧‍👦" * 50,
    "x" * 5000,
    "问" * 5000,
    "/",
    "//",
    "/claim",
    "/claim 99999999999999999999999",
    "/claim ٣",
    "/reply #",
    "/report -1",
    "/start \0\ud800",
    "/language \udcff",
    "{ $name } {{7*7}} %s <b>&amp;",
    "'; DROP TABLE interaction; --",
]


async def recorded(house: House) -> int:
    """How many things people said or did are on record."""
    return await house.how_many(Interaction, Interaction.kind.in_(_INBOUND))


async def nothing_set_aside(house: House) -> bool:
    """Whether every update was answered."""
    return await house.how_many(Inbox, Inbox.state != "done") == 0


@pytest.mark.parametrize("text", _ODD, ids=lambda text: ascii(text[:12]))
async def test_odd_words_of_a_customer_are_on_record_once_and_answered(house: House, text: str) -> None:
    """Too long, empty, half a character, right to left: there is always an answer."""
    ana = house.customer()

    heard = await ana.says(text, name=text)

    assert len(heard) == 1
    assert await recorded(house) == 1
    assert await nothing_set_aside(house)


@pytest.mark.parametrize("role", ["agent", "marketer", "admin"])
async def test_odd_words_of_staff_are_on_record_once_each(house: House, role: str) -> None:
    """With a ticket in hand where the role may have one."""
    wei = await house.colleague("Wei", role)
    await house.customer().says("/agent")
    await wei.says("/claim 1")

    for text in _ODD:
        before = await recorded(house)
        await wei.says(text)
        assert await recorded(house) == before + 1, ascii(text[:20])

    assert await nothing_set_aside(house)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=_SURROGATES, name=_SURROGATES, reply_to=_SURROGATES)
@example(text="/claim 1", name="", reply_to="m1")
async def test_any_text_of_a_customer_is_on_record_once(house: House, text: str, name: str, reply_to: str) -> None:
    """A new customer each time."""
    ana = Person(house, f"c{next(house.numbers)}")
    before = await recorded(house)

    await ana.says(text, name=name, reply_to=reply_to)

    assert await recorded(house) == before + 1
    assert await nothing_set_aside(house)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    command=st.sampled_from(sorted(handlers.COMMANDS)),
    argument=st.one_of(st.text(max_size=40), st.integers().map(str), st.integers(0, 3).map(lambda one: f"#{one} x")),
    role=st.sampled_from(["customer", "admin"]),
)
async def test_any_argument_of_any_command_is_answered(house: House, command: str, argument: str, role: str) -> None:
    """A command that cannot be understood is answered in words."""
    person = Person(house, role)
    if role == "admin" and not any(one.sender == "admin" for one in house.known):
        house.known.append(await house.colleague("admin", "admin"))
    before = await recorded(house)

    heard = await person.says(f"{command} {argument}")

    assert heard or command in {"/claim", "/reply", "/note"}
    assert await recorded(house) == before + 1
    assert await nothing_set_aside(house)


@pytest.mark.parametrize(
    "fields",
    [
        {"unsupported": "\ud800" * 60},
        {"thread": "ticket:99999999999999999999"},
        {"thread": "ticket:\ud800"},
        {"thread": "x" * 500},
        {"language": "\0\ud800", "text": "hello"},
        {"press": "\ud800.0"},
        {"reply_to": "\0"},
        {"message_id": "\ud800"},
    ],
    ids=ascii,
)
async def test_odd_fields_set_nothing_aside(house: House, fields: dict[str, str]) -> None:
    """Of customers and of staff."""
    wei, ana = await house.colleague("Wei"), house.customer()

    await wei.does(**fields)
    await ana.does(**fields)

    assert await nothing_set_aside(house)
