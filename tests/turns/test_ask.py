"""Questions: answered, asked back, or handed to a person; both sides on record once."""

from tests.builders import House


async def test_a_question_with_an_article_is_answered_and_both_sides_are_on_record(house: House) -> None:
    """Customer asks, counter answers, the record holds both, in order."""
    ana = house.customer()

    heard = await ana.says("how long does delivery take")

    assert "Delivery takes 3 to 5 working days." in heard[0]
    assert [kind for kind, _ in await house.talk_of("ana")] == ["message", "reply"]
