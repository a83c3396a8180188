"""Sample talks for looking at the desk: made-up people of a made-up tea house."""

from datetime import UTC, datetime, timedelta

from tests.web.fake_house import FakeHouse, Talk


def _ago(minutes: float) -> datetime:
    return datetime.now(UTC) - timedelta(minutes=minutes)


def fill(house: FakeHouse) -> None:
    """Two in the queue, one with an agent."""
    _lin(house)
    _tomas(house)
    _ana(house)


def _lin(house: FakeHouse) -> None:
    talk = Talk("lin", name="林夏 Lin Xia", language="zh", ticket=1047, since=_ago(36), waits=True)
    talk.add("customer", "茶饼收到时包装是湿的，可以退吗", at=_ago(36))
    talk.add("bot", "这件事我拿不准，已为您转人工。", sure=0.41, kind="reply", state="sent", at=_ago(36))
    house.talks["lin"] = talk


def _tomas(house: FakeHouse) -> None:
    talk = Talk("tomas", name="Tomás Silva", ticket=1049, since=_ago(4), waits=True)
    talk.add("customer", "Is the wholesale price list still valid?", at=_ago(4))
    house.talks["tomas"] = talk


def _ana(house: FakeHouse) -> None:
    talk = Talk("ana", name="Ana Ribeiro", ticket=1042, assignee="Chen Yue", since=_ago(11), waits=True)
    talk.subject = "Teapot arrived broken"
    talk.add("customer", "Hello, my teapot came with a broken spout. Can I get another one before Friday?", at=_ago(31))
    words = "I am sorry about that. We replace broken pieces free of charge. Shall I get a person to arrange it?"
    source = "Something arrived broken"
    talk.add("bot", words, kind="reply", source=source, sure=0.78, state="sent", at=_ago(31))
    talk.add("system", "Chen Yue", kind="event", event="claimed", at=_ago(28))
    note = "Third broken spout from kiln batch 11 this week. Please take one from batch 12, shelf C."
    talk.add("note", note, name="Wei", kind="note", at=_ago(26))
    words = "Hi Ana, this is Yue. A new one leaves today. Could you send a photo of the spout, just for the maker?"
    talk.add("agent", words, name="Chen Yue", kind="agent", state="sent", at=_ago(24))
    talk.add("customer", "I sent you the photo, thank you!", at=_ago(11))
    house.talks["ana"] = talk
