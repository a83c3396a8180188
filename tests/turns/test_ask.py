"""Questions: answered, asked back, or handed to a person; both sides on record once."""

import pytest

from crm_core.models import Customer, Identity, Interaction, Kind, Ticket
from tests.builders import House

_PERSON = {"en": "Talk to a person", "zh": "找人工客服"}


async def test_a_question_with_an_article_is_answered_and_both_sides_are_on_record(house: House) -> None:
    """Customer asks, counter answers, the record holds both, in order, with what the matcher said of it."""
    ana = house.customer()

    heard = await ana.says("how long does delivery take")

    assert "Delivery takes 3 to 5 working days." in heard[0]
    assert [kind for kind, _ in await house.talk_of("ana")] == ["message", "reply"]
    question, answer = await house.rows(Interaction)
    assert (question.decision, question.reason) == ("answer", "same_words")
    assert question.confidence > 0.9
    assert answer.article_id == "delivery"


async def test_a_question_in_chinese_is_answered_in_chinese(house: House) -> None:
    """The answer, the question whether it helped and the buttons are all in the language of the question."""
    li = house.customer("li", "zh")

    (heard,) = await li.says("配送要多久")

    assert heard == "配送需要三到五个工作日。\n\n这样回答对您有帮助吗？"
    assert li.labels == ["有帮助，谢谢", "不太对", "找人工客服"]


@pytest.mark.parametrize(("hint", "words", "spoken"), [("en", "怎么退款", "zh"), ("zh-hans", "refund please", "en")])
async def test_a_new_customers_language_is_that_of_their_first_words(
    house: House, hint: str, words: str, spoken: str
) -> None:
    """What the app says is only a hint; pressing Start does not count as words."""
    greeted, direct = house.customer("greeted", hint), house.customer("direct", hint)

    await greeted.says("/start")
    await greeted.says(words)
    await direct.says(words)

    assert greeted.labels[-1] == direct.labels[-1] == _PERSON[spoken]
    assert {row.language for row in await house.rows(Customer)} == {spoken}
    assert {row.language for row in await house.rows(Identity)} == {spoken}


async def test_a_known_customer_keeps_their_language(house: House) -> None:
    """One sentence in another language is answered, and changes nothing of the customer's own."""
    ana = house.customer()
    await ana.says("refund please")

    heard = await ana.says("怎么退款")

    assert heard == ["我们会在十四天内退款。\n\nDid this help?"]
    assert [row.language for row in await house.rows(Customer)] == ["en"]


async def test_a_chosen_language_is_not_changed_by_the_first_words(house: House) -> None:
    """Who presses 中文 and then writes English goes on in Chinese."""
    ana = house.customer()
    await ana.says("/start")
    assert await ana.presses("中文") == ["好的，我们用中文继续。"]

    await ana.says("refund please")

    assert ana.labels[-1] == _PERSON["zh"]


@pytest.mark.parametrize(
    ("label", "helped", "heard"),
    [("Yes, thank you", True, "Good to hear."), ("Not quite", False, "I am sorry about that.")],
)
async def test_whether_it_helped_is_on_record_with_the_answer(
    house: House, label: str, helped: bool, heard: str
) -> None:
    """The word of the customer stands with the answer it is about, and is an interaction itself."""
    ana = house.customer()
    await ana.says("refund please")

    (said,) = await ana.presses(label)

    assert said.startswith(heard)
    (answer,) = await house.rows(Interaction, Interaction.article_id.is_not(None))
    assert answer.helped is helped
    assert (await house.talk_of("ana"))[-2:] == [("press", label), ("reply", said)]


async def test_the_last_word_on_an_answer_counts(house: House) -> None:
    """Who presses Yes and then No meant No."""
    ana = house.customer()
    await ana.says("refund please")
    yes, no = ana.button("Yes, thank you"), ana.button("Not quite")

    await ana.does(press=yes)
    await ana.does(press=no)

    (answer,) = await house.rows(Interaction, Interaction.article_id.is_not(None))
    assert answer.helped is False


async def test_when_half_sure_the_counter_asks_back_and_a_pressed_suggestion_is_answered(house: House) -> None:
    """The suggestions are titles of articles, and below them stands the way to a person."""
    ana = house.customer()

    (asked,) = await ana.says("my parcel")

    assert asked == "I am not quite sure which of these you mean."
    assert "Tracking" in ana.labels
    assert ana.labels[-1] == "None of these. Talk to a person"
    (heard,) = await ana.presses("Tracking")
    assert heard.startswith("The tracking number is in your mail.")
    assert [kind for kind, _ in await house.talk_of("ana")] == ["message", "reply", "press", "reply"]


async def test_a_suggestion_is_answered_in_the_language_it_was_made_in(house: House) -> None:
    """An article chosen from Chinese suggestions answers in Chinese, whatever the customer's own language."""
    ana = house.customer()
    await ana.says("refund please")
    await ana.says("快递 退款")

    assert "退款" in ana.labels
    (heard,) = await ana.presses("退款")

    assert heard.startswith("我们会在十四天内退款。")


async def test_none_of_these_leads_to_a_person(house: House) -> None:
    """The last button under suggestions opens a ticket."""
    ana = house.customer()
    await ana.says("my parcel")

    (heard,) = await ana.presses("None of these. Talk to a person")

    assert "Your ticket is #1" in heard
    assert (await house.ticket()).reason == "asked_for_person"


@pytest.mark.parametrize(
    ("language", "words", "reason", "heard"),
    [
        ("en", "elephants allowed inside", "weak", "Your ticket is #1"),
        ("zh", "你们卖大象吗", "no_terms", "您的工单是 #1"),
    ],
)
async def test_what_no_article_answers_becomes_a_ticket(
    house: House, language: str, words: str, reason: str, heard: str
) -> None:
    """The customer learns the number, and the ticket knows why it was opened and from which words."""
    person = house.customer("ana", language)

    (said,) = await person.says(words)

    assert heard in said
    ticket = await house.ticket()
    question = (await house.rows(Interaction, Interaction.kind == Kind.MESSAGE))[0]
    assert ticket.reason in {reason, "weak", "no_terms"}
    assert (ticket.first_interaction_id, ticket.state) == (question.id, "open")
    assert question.ticket_id == ticket.id
    assert question.decision == "escalate"


@pytest.mark.parametrize(
    ("language", "words", "heard"),
    [
        ("en", "hello", "Hello! What would you like to know?"),
        ("en", "thank you", "You are welcome. Is there anything else?"),
        ("en", "bye", "Goodbye, and thank you for writing."),
        ("zh", "你好", "您好！请问您想了解什么？"),
        ("zh", "谢谢", "不客气。还有别的可以帮您吗？"),
        ("zh", "再见", "再见，感谢您的来信。"),
        ("en", "???", "Please write your question in a few words, and I will look for the answer."),
    ],
)
async def test_small_talk_is_answered_and_opens_no_ticket(house: House, language: str, words: str, heard: str) -> None:
    """A greeting is a greeting, with the way to a person below it."""
    person = house.customer("ana", language)

    assert await person.says(words) == [heard]
    assert person.labels == [_PERSON[language]]
    assert await house.how_many(Ticket) == 0


@pytest.mark.parametrize("words", ["/start", "/help", "hello", "refund please", "my parcel"])
async def test_a_person_is_always_one_press_away(house: House, words: str) -> None:
    """Whatever the bot answers, the last or only row of buttons leads to a person."""
    ana = house.customer()
    await ana.says(words)
    label = next(one for one in ana.labels if one.endswith("Talk to a person"))

    (heard,) = await ana.presses(label)

    assert "I have asked a colleague to help you. Your ticket is #1" in heard


async def test_agent_command_asks_for_a_person_and_a_second_time_says_who_is_on_it(house: House) -> None:
    """/agent opens one ticket, not two."""
    ana = house.customer()

    await ana.says("/agent")

    (heard,) = await ana.says("/agent")
    assert heard == "A colleague already takes care of this: ticket #1. What you write here is added to it."
    assert await house.how_many(Ticket) == 1


@pytest.mark.parametrize(
    ("language", "words", "heard"),
    [
        ("en", "hi, can I speak to a human?", "I have asked a colleague to help you. Your ticket is #1"),
        ("zh", "我要人工", "已经请同事来帮您。您的工单是 #1"),
    ],
)
async def test_who_writes_that_they_want_a_person_gets_one(house: House, language: str, words: str, heard: str) -> None:
    """The bot does not call it a question that it is not sure of, and no gap comes of it."""
    person = house.customer("ana", language)

    (said,) = await person.says(words)

    assert said.startswith(heard)
    assert (await house.ticket()).reason == "asked_for_person"
    (asked,) = await house.rows(Interaction, Interaction.kind == Kind.MESSAGE)
    assert asked.reason == "smalltalk_person"


@pytest.mark.parametrize(
    ("language", "words", "heard"),
    [
        ("en", "ok", "All right. Just write if there is anything else."),
        ("zh", "好的", "好的。还有需要的话，直接写给我就行。"),
        ("en", "no", "I am sorry about that. Write your question in other words, or let me fetch a person."),
        ("zh", "不对", "很抱歉。请您换个说法再问一次，或者让我帮您找同事。"),
    ],
)
async def test_an_ok_or_a_no_opens_no_ticket(house: House, language: str, words: str, heard: str) -> None:
    """It answers what the bot said; the way to a person stands below."""
    person = house.customer("ana", language)

    assert await person.says(words) == [heard]
    assert person.labels == [_PERSON[language]]
    assert await house.how_many(Ticket) == 0


@pytest.mark.parametrize(("first", "answered"), [("my parcel", False), ("refund", True)])
async def test_a_written_yes_to_the_only_suggestion_is_answered(house: House, first: str, *, answered: bool) -> None:
    """As a press would be; with several to choose from a yes means none of them."""
    ana = house.customer()
    await ana.says(first)
    assert (len(ana.labels) == 2) is answered  # the suggestion and the way to a person

    (heard,) = await ana.says("yes")

    assert heard.startswith("We refund within 14 days.") is answered
    if answered:
        assert (await ana.says("yes"))[0].startswith("All right."), "the answer was given once"


async def test_a_file_goes_to_a_person(house: House) -> None:
    """The bot reads no photos."""
    ana = house.customer()

    (heard,) = await ana.sends_photo("refund please")

    assert "Your ticket is #1" in heard
    assert (await house.ticket()).reason == "attachment"


async def test_a_bot_without_articles_asks_a_person(house: House) -> None:
    """A language without articles is no reason to guess."""
    await house.app.book.load_configured(house.app.records, [])

    (heard,) = await house.customer().says("refund please")

    assert "Your ticket is #1" in heard
    assert (await house.ticket()).reason == "no_articles"


async def test_language_is_chosen_by_command_or_button(house: House) -> None:
    """A language the shop does not speak is answered with those it does."""
    ana = house.customer()

    assert await ana.says("/language fr") == ["Which language do you prefer?"]
    assert ana.labels == ["English", "中文"]
    assert await ana.presses("中文") == ["好的，我们用中文继续。"]
    assert await ana.says("/language en") == ["We go on in English."]


async def test_help_lists_a_customers_commands_and_no_others(house: House) -> None:
    """What one may not do is not offered."""
    (heard,) = await house.customer().says("/help")

    commands = {line.split(" ")[0] for line in heard.splitlines() if line.startswith("/")}
    own = {"/start", "/help", "/language", "/agent", "/status", "/orders", "/subscribe", "/stop"}
    assert commands == own | {"/privacy", "/deletemydata"}
