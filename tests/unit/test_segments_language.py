"""The segment language: what can be written, what it means, and what is said of what cannot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.models import Customer
from crm_core.segments import FIELDS, KnownAttribute, KnownNames, SegmentError, parse
from crm_core.segments.lexer import LONGEST

KNOWN = KnownNames(
    attributes={
        "size": KnownAttribute(id=1, kind="choice", choices=("S", "XL")),
        "iban": KnownAttribute(id=2, kind="text", personal=True),
        "points": KnownAttribute(id=3, kind="number"),
        "renewal": KnownAttribute(id=4, kind="date"),
        "member": KnownAttribute(id=5, kind="yes_no"),
    },
    segments={
        "loyal": "orders >= 3",
        "big spenders": "spent > 1000 EUR and segment loyal",
        "ring": "segment round",
        "round": "not segment ring",
        "stale": "tag tea and attribute.gone = 3",
        **{f"tower{floor}": f"segment tower{floor + 1}" for floor in range(30)},
        "tower30": "all",
        "crowd": " or ".join(["tag x"] * 40),
    },
)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("language = zh and spent >= 500 CNY and last_order < 30 days ago and not tag blocked", None),
        ("LANGUAGE=zh AND Tag vip", "language = zh and tag vip"),
        ("language in （en、zh） and orders ≥ 3", "language in (en, zh) and orders >= 3"),
        ("ｌａｎｇｕａｇｅ＝zh", "language = zh"),
        ("tag 老客户 且 非 tag 拉黑", "tag 老客户 and not tag 拉黑"),
        ("tag “老 客户”", 'tag "老 客户"'),
        ('company = "“Tea” & Co"', None),
        (r'company = "a \"b\" \\"', None),
        ('tag "not"', None),
        ("stage = AT_RISK", "stage = at_risk"),
        ("stage is lost or stage is not lead", "stage = lost or stage != lead"),
        ("language not in (en)", "not language in (en)"),
        ("language in (en, en, zh)", "language in (en, zh)"),
        ("spent >= CNY 500", "spent >= 500 CNY"),
        ("spent >= 500cny", "spent >= 500 CNY"),
        ("spent > 12.50 EUR", "spent > 12.5 EUR"),
        ("spent > 0 JPY", None),
        ("average_order <= 99.99 EUR", None),
        ("last_order within 30 days", None),
        ("last_order <= 30 days ago", "last_order within 30 days"),
        ("last_order over 2 weeks ago", None),
        ("last_order over 2 weeks", "last_order over 2 weeks ago"),
        ("last_order > 2 weeks ago", "last_order over 2 weeks ago"),
        ("first_order >= 2026-03-01", None),
        ("last_contact = today", None),
        ("created < 1 year ago", "created < 1 years ago"),
        ("last_contact within 30 天", "last_contact within 30 days"),
        ("birthday in 7 days", None),
        ("birthday = today", "birthday today"),
        ("birthday this month or birthday next month", None),
        ("birthday = 02-29", None),
        ("company is known and owner is unknown", None),
        ("consent marketing", None),
        ("consent marketing yes and consent marketing no", "consent marketing and consent marketing no"),
        ("open ticket and tickets > 1", None),
        ('bought "Oolong 100 g" or bought sku OO-100', None),
        ("bought in (oolong, senmai)", None),
        ('bought "Oolong 100 g" within 90 days', None),
        ("not bought sku OO-100 within 2 weeks", None),
        ("bought in (oolong, senmai) within 1 year", "bought in (oolong, senmai) within 1 years"),
        ("bought != oolong within 90 天", "bought != oolong within 90 days"),
        ("bought not in (oolong, senmai) within 3 months", "not bought in (oolong, senmai) within 3 months"),
        ("channel = telegram", "channel telegram"),
        ("in segment loyal", "segment loyal"),
        ("segment != loyal", "not segment loyal"),
        ('segment "big spenders" and not segment loyal', None),
        ("attribute.size in (xl, S)", "attribute.size in (XL, S)"),
        ("attribute.points < -2.50", "attribute.points < -2.5"),
        ("attribute.renewal in 30 days", None),
        ("attribute.member = yes", None),
        ("(tag a and tag b) and (tag c or (tag d or tag e))", "tag a and tag b and (tag c or tag d or tag e)"),
        ("not (tag a or tag b)", None),
        ("not not tag a", None),
        ("all", None),
        ("tag a\n  or\ttag b", "tag a or tag b"),
    ],
)
def test_a_question_is_read_and_written_back_in_one_way(text: str, meant: str | None) -> None:
    tree = parse(text, KNOWN)

    assert str(tree) == (meant or text)
    assert parse(str(tree), KNOWN) == tree


@pytest.mark.parametrize(
    ("text", "key", "place", "values"),
    [
        ("", "segment-empty", 0, {}),
        ("  ", "segment-empty", 2, {}),
        ("language = zh and spnet >= 5 CNY", "segment-unknown-field-near", 18, {"near": "spent"}),
        ("tag 茶 and spnet >= 5 CNY", "segment-unknown-field-near", 10, {"near": "spent"}),
        ("dogs", "segment-unknown-field", 0, {}),
        ("language", "segment-want-operator", 8, {"field": "language", "wanted": "= != in"}),
        ("language > en", "segment-want-operator", 9, {}),
        ("language = and", "segment-want-word", 11, {"field": "language"}),
        ("language is known", "segment-always-known", 9, {"field": "language"}),
        ('tag ""', "segment-word-length", 4, {}),
        (f"tag {'x' * 191}", "segment-word-length", 4, {"most": 190}),
        ("stage = dead", "segment-want-choice", 8, {"wanted": "lead, active, at_risk, lost, won_back"}),
        ("attribute.size = M", "segment-want-choice", 17, {"wanted": "S, XL"}),
        ("attribute.iban = x", "segment-personal", 0, {"attribute": "iban"}),
        ("attribute.seize = x", "segment-unknown-field-near", 0, {"near": "attribute.size"}),
        ("attribute.q = x", "segment-unknown-attribute", 0, {"attribute": "q"}),
        ("spent >= 500", "segment-want-currency", 12, {}),
        ("spent >= 500 XYZ", "segment-want-currency", 13, {}),
        ("spent >= much", "segment-want-money", 9, {}),
        ("spent >= 1.5 JPY", "segment-fraction", 9, {"currency": "JPY"}),
        ("spent >= 0.001 EUR", "segment-fraction", 9, {"currency": "EUR"}),
        ("orders >= many", "segment-want-number", 10, {}),
        ("orders >= 1.5", "segment-want-whole", 10, {}),
        ("orders >= 99999999999999999999", "segment-big", 10, {}),
        ("last_order = soon", "segment-want-day", 13, {}),
        ("last_order = 2026-02-30", "segment-no-day", 13, {}),
        ("last_order = 9999-01-01", "segment-no-day", 13, {}),
        ("last_order < 30", "segment-want-unit", 15, {}),
        ("last_order < 30 days", "segment-want-sign", 20, {"wanted": "ago"}),
        ("last_order within days", "segment-want-span", 18, {}),
        ("last_order within 30 parsecs", "segment-want-unit", 21, {}),
        ("last_order within 99999999 days", "segment-big", 18, {}),
        ("last_order within -1 days", "segment-want-span", 18, {}),
        ("last_order within 30 days ago", "segment-want-joint", 26, {}),
        ("birthday = 02-30", "segment-no-day", 11, {}),
        ("birthday = 1990-02-03", "segment-want-birthday", 11, {}),
        ("birthday in 0 days", "segment-big", 12, {}),
        ("birthday in 2 years", "segment-big", 12, {}),
        ("birthday this week", "segment-want-sign", 14, {"wanted": "month"}),
        ("open tag", "segment-want-sign", 5, {"wanted": "ticket"}),
        ("consent", "segment-want-sign", 7, {"wanted": "marketing"}),
        ("language in en", "segment-want-sign", 12, {"wanted": "("}),
        ("language in (en zh)", "segment-want-comma-or-close", 16, {}),
        (f"tag in ({', '.join(map(str, range(60)))})", "segment-values", 200, {"most": 50}),
        ("tag a tag b", "segment-want-joint", 6, {}),
        ("tag a within 7 days", "segment-want-joint", 6, {}),
        ("bought tea within 7", "segment-want-unit", 19, {}),
        ("bought tea within 90 days ago", "segment-want-joint", 26, {}),
        ("tag a and", "segment-want-field", 9, {}),
        ("and tag a", "segment-want-field", 0, {}),
        ("in language = zh", "segment-want-field", 0, {}),
        ("(tag a", "segment-want-joint-or-close", 6, {}),
        ("tag a)", "segment-want-joint", 5, {}),
        ("()", "segment-want-field", 1, {}),
        ("not", "segment-want-field", 3, {}),
        ("tag 'a'", "segment-sign", 4, {}),
        ("tag a; drop table customer", "segment-sign", 5, {}),
        ('tag "a', "segment-quote", 4, {}),
        ("tag a\x00", "segment-sign", 5, {}),
        ('tag "\ud800"', "segment-sign", 5, {}),
        ("tag a " * 400, "segment-long", LONGEST, {"length": 2400, "most": LONGEST}),
        ("(" * 21 + "tag a" + ")" * 21, "segment-deep", 20, {"most": 20}),
        ("not " * 21 + "tag a", "segment-deep", 80, {}),
        (" or ".join(["tag a"] * 61), "segment-many", 540, {"most": 60}),
        ("segment crowd or segment crowd", "segment-many", 25, {}),
        ("segment loyl", "segment-unknown-segment-near", 8, {"near": "loyal"}),
        ("segment x", "segment-unknown-segment", 8, {"segment": "x"}),
        ("segment ring", "segment-circle", 8, {}),
        ("segment tower0", "segment-deep", 8, {}),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(
    text: str, key: str, place: int, values: dict[str, object]
) -> None:
    with pytest.raises(SegmentError) as refused:
        parse(text, KNOWN)

    assert (refused.value.key, refused.value.place) == (key, place)
    assert values.items() <= refused.value.values.items()


def test_an_error_inside_a_saved_segment_names_it_where_it_is_used() -> None:
    with pytest.raises(SegmentError) as refused:
        parse("tag a or segment stale", KNOWN)

    assert (refused.value.key, refused.value.inside, refused.value.place) == ("segment-unknown-attribute", "stale", 17)


def test_a_segment_cannot_be_saved_in_terms_of_itself() -> None:
    with pytest.raises(SegmentError) as refused:
        parse('segment "big spenders"', KNOWN, saved_as="loyal")

    assert refused.value.key == "segment-circle"


@pytest.mark.parametrize("one", FIELDS.values(), ids=lambda one: one.name)
def test_every_field_has_an_example_that_can_be_read(one: object) -> None:
    field = FIELDS[str(getattr(one, "name"))]  # noqa: B009 - parametrised as an object

    assert field.written in str(parse(field.example, KNOWN))


def test_no_field_is_a_sealed_column() -> None:
    """Segments see clear columns only."""
    sealed = {"key", "name", "email", "phone", "address", "note", "body", "value"}

    assert not sealed & FIELDS.keys()
    assert {"name", "birthday"} <= set(Customer.__table__.columns.keys())


WORDS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(WORDS.filter(str.strip))
def test_any_tag_can_be_written(tag: str) -> None:
    """Quotes of all kinds, keywords, signs and full-width letters read back as they were."""
    escaped = tag.replace("\\", "\\\\").replace('"', '\\"').replace("＂", "\\＂")
    tree = parse(f'tag "{escaped}"')

    assert getattr(tree, "value", None) == tag
    assert parse(str(tree)) == tree


PIECES = (
    *("tag", "spent", "orders", "last_order", "(", ")", "not", "and", "or", "in", "is", "=", "<", '"', "“"),
    *("30", "days", "ago", "5", "CNY", ",", "all"),
)


@given(st.lists(st.sampled_from(PIECES) | st.characters(), max_size=15).map(" ".join))
def test_nothing_that_anybody_writes_breaks_the_parser(text: str) -> None:
    """A tree, or an error with a place in the text."""
    place, tree = 0, None
    try:
        tree = parse(text, KNOWN)
    except SegmentError as error:
        place = error.place
    assert 0 <= place <= len(text)
    assert tree is None or parse(str(tree), KNOWN) == tree
