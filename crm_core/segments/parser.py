"""Reads a question: text in, tree out, or an error that says where and what was expected."""

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Final, NoReturn

from crm_core.models import AttributeKind
from crm_core.rules.orders import OrderRefused, is_currency, to_minor
from crm_core.segments import fields
from crm_core.segments.errors import SegmentError
from crm_core.segments.fields import FIELDS, Field, Kind
from crm_core.segments.lexer import Sort, Token, tokens
from crm_core.segments.tree import (
    Ago,
    All,
    And,
    Coming,
    Condition,
    Money,
    Named,
    Not,
    Op,
    Or,
    Saved,
    Tree,
    Unit,
    Value,
    joined,
)

DEEPEST: Final = 20  # brackets, `not` and segments within each other
MOST_CONDITIONS: Final = 60  # of a question, those of its segments among them
MOST_VALUES: Final = 50  # of one list
_LONGEST_VALUE: Final = 190  # characters: what the columns hold
_BIGGEST: Final = Decimal(10) ** 12
_FARTHEST: Final = {Unit.DAYS: 36_500, Unit.WEEKS: 5_200, Unit.MONTHS: 1_200, Unit.YEARS: 100}
_YEARS: Final = range(1900, 2200)
_COMPARED: Final = (Op.IS, Op.NOT, Op.LESS, Op.MOST, Op.MORE, Op.LEAST)
_EQUAL: Final = (Op.IS, Op.NOT, Op.IN)
_UNITS: Final = {
    **{unit.value: unit for unit in Unit},
    **{unit.value.removesuffix("s"): unit for unit in Unit},
    "天": Unit.DAYS, "周": Unit.WEEKS, "个月": Unit.MONTHS, "年": Unit.YEARS,
}  # fmt: skip
_SECOND_WORD: Final = {"open": "ticket", "consent": "marketing"}
_ONE_MONEY = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?)([A-Za-z]{3})")
_MONTH_DAYS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAttribute:
    """An attribute that the operator defined, as questions see it."""

    id: int
    kind: str
    choices: tuple[str, ...] = ()
    personal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownNames:
    """What a question may name beside the fields: attributes by key, and the texts of saved segments by name."""

    attributes: Mapping[str, KnownAttribute] = field(default_factory=dict)
    segments: Mapping[str, str] = field(default_factory=dict)


NOTHING: Final = KnownNames()


def parse(text: str, known: KnownNames = NOTHING, *, saved_as: str = "") -> Tree:
    """What a text asks, or SegmentError. `saved_as` is the segment that this is the text of: it may not use itself."""
    return _read(text, known, (saved_as,) if saved_as else (), [0])


def segments_in(text: str) -> set[str]:
    """The saved segments that a text names, whether or not it can be asked; none for what is no question at all."""
    try:
        found = tokens(text)
    except SegmentError:
        return set()
    named = set()
    for place, token in enumerate(found):
        if token.sort is Sort.WORD and token.value.casefold() == "segment":
            after = [one for one in found[place + 1 : place + 3] if one.keyword not in {"=", "!="}]
            named |= {one.value for one in after[:1]}
    return named


def _read(text: str, known: KnownNames, within: tuple[str, ...], conditions: list[int]) -> Tree:
    return _Parser(tokens(text), known, within, conditions).whole()


class _Parser:
    """One text on its way to a tree; `within` are the segments around it, `conditions` counts for all of them."""

    def __init__(self, found: list[Token], known: KnownNames, within: tuple[str, ...], conditions: list[int]) -> None:
        self._tokens = found
        self._at = 0
        self._known = known
        self._within = within
        self._conditions = conditions
        self._depth = len(within)
        self._readers: dict[Kind, Callable[[Field], Tree]] = {
            Kind.WORD: self._words,
            Kind.CHOICE: self._words,
            Kind.YES_NO: self._words,
            Kind.PIN: self._pin,
            Kind.FLAG: self._flag,
            Kind.COUNT: self._number,
            Kind.NUMBER: self._number,
            Kind.MONEY: self._number,
            Kind.MOMENT: self._moment,
            Kind.DAY: self._moment,
            Kind.BIRTHDAY: self._birthday,
            Kind.SEGMENT: self._segment,
        }

    # ---- where we are ----

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    @property
    def _ended(self) -> bool:
        return self._next.sort is Sort.END

    def _take(self) -> Token:
        token = self._next
        self._at += not self._ended
        return token

    def _takes(self, *keywords: str) -> str:
        """The next keyword or sign if it is one of these, else ""."""
        found = self._next.keyword
        if found not in keywords or not found:
            return ""
        self._at += 1
        return found

    def _takes_word(self, *words: str) -> str:
        """The next plain word if it is one of these, else ""."""
        token = self._next
        if token.sort is not Sort.WORD or token.value.casefold() not in words:
            return ""
        self._at += 1
        return token.value.casefold()

    def _fail(self, key: str, token: Token | None = None, **values: object) -> NoReturn:
        token = token or self._next
        raise SegmentError(key, token.place, (token.written or token.value)[:40], values)

    # ---- the grammar ----

    def whole(self) -> Tree:
        """Everything up to the end of the text."""
        if self._ended:
            self._fail("segment-empty")
        tree = self._either()
        if not self._ended:
            self._fail("segment-want-joint")
        return tree

    def _either(self) -> Tree:
        parts = [self._both()]
        while self._takes("or"):
            parts.append(self._both())
        return joined(Or, parts)

    def _both(self) -> Tree:
        parts = [self._single()]
        while self._takes("and"):
            parts.append(self._single())
        return joined(And, parts)

    def _single(self) -> Tree:
        start = self._next
        if word := self._takes("not", "("):
            self._depth += 1
            if self._depth > DEEPEST:
                self._fail("segment-deep", start, most=DEEPEST)
            tree: Tree = Not(self._single()) if word == "not" else self._either()
            if word == "(" and not self._takes(")"):
                self._fail("segment-want-joint-or-close")
            self._depth -= 1
            return tree
        self._conditions[0] += 1
        if self._conditions[0] > MOST_CONDITIONS:
            self._fail("segment-many", start, most=MOST_CONDITIONS)
        if self._takes("all"):
            return All()
        if start.keyword == "in":  # "in segment loyal"
            self._at += 1
            if self._next.value.casefold() != "segment":
                self._fail("segment-want-field", start)
        one = self._field()
        return self._readers[one.kind](one)

    def _field(self) -> Field:
        token = self._take()
        name = token.value.casefold()
        if token.sort is not Sort.WORD or token.keyword:
            self._fail("segment-want-field", token)
        if name.startswith("attribute."):
            return self._attribute(token, name.removeprefix("attribute."))
        if name == "bought" and self._takes_word("sku"):
            name = "bought_sku"
        if name in _SECOND_WORD:
            name, second = f"{name}_{_SECOND_WORD[name]}", _SECOND_WORD[name]
            if not self._takes_word(second):
                self._fail("segment-want-sign", wanted=second)
        return FIELDS.get(name) or self._unknown(token, name)

    def _unknown(self, token: Token, name: str) -> NoReturn:
        names = [one.written for one in FIELDS.values()] + [f"attribute.{key}" for key in self._known.attributes]
        near = difflib.get_close_matches(name, names, 1)
        if not near:
            self._fail("segment-unknown-field", token)
        self._fail("segment-unknown-field-near", token, near=near[0])

    def _attribute(self, token: Token, key: str) -> Field:
        found = self._known.attributes.get(key)
        if found is None:
            near = difflib.get_close_matches(key, self._known.attributes, 1)
            if not near:
                self._fail("segment-unknown-attribute", token, attribute=key[:40])
            self._fail("segment-unknown-field-near", token, near=f"attribute.{near[0]}")
        if found.personal:
            self._fail("segment-personal", token, attribute=key[:40])
        choices = ("yes", "no") if found.kind == AttributeKind.YES_NO else found.choices
        return fields.attribute(key, found.id, found.kind, choices)

    # ---- how a field may be compared ----

    def _known_or(self, one: Field) -> Condition | None:
        """`is known`, `is unknown`, or None for anything else."""
        if self._next.keyword != "is" or self._tokens[self._at + 1].value.casefold() not in {"known", "unknown"}:
            return None
        start = self._take()
        word = self._take().value.casefold()
        if not one.nullable:
            self._fail("segment-always-known", start, field=one.written)
        return Condition(one, Op(word))

    def _operator(self, one: Field, allowed: tuple[Op, ...]) -> Op:
        taken = self._takes(*allowed)
        if not taken and self._takes("is"):
            return Op.NOT if self._takes("not") else Op.IS
        if not taken:
            wanted = [*allowed, *(("is known",) if one.nullable else ())]
            self._fail("segment-want-operator", field=one.written, wanted=" ".join(wanted))
        return Op(taken)

    def _words(self, one: Field) -> Tree:
        known = self._known_or(one)
        if known is not None:
            return known
        if self._takes("not"):
            if not self._takes("in"):
                self._fail("segment-want-sign", wanted="in")
            return Not(Condition(one, Op.IN, self._list(one)))
        op = self._operator(one, _EQUAL)
        return Condition(one, op, self._list(one) if op is Op.IN else self._word(one))

    def _pin(self, one: Field) -> Tree:
        compared = self._next.keyword in {"=", "!=", "in", "not", "is"}
        tree = self._words(one) if compared else Condition(one, Op.IS, self._word(one))
        if not one.dated or not self._takes("within"):
            return tree
        within = Ago(*self._span())
        if isinstance(tree, Not):  # "not in (…)"
            assert isinstance(tree.part, Condition)
            return Not(replace(tree.part, within=within))
        assert isinstance(tree, Condition)
        return replace(tree, within=within)

    def _word(self, one: Field) -> str:
        token = self._take()
        if token.sort not in {Sort.WORD, Sort.NUMBER, Sort.TEXT} or token.keyword:
            self._fail("segment-want-word", token, field=one.written)
        if not token.value.strip() or len(token.value) > _LONGEST_VALUE:
            self._fail("segment-word-length", token, most=_LONGEST_VALUE)
        if one.choices and token.value not in one.choices:
            choices = {choice.casefold(): choice for choice in one.choices}
            if token.value.casefold() not in choices:
                self._fail("segment-want-choice", token, field=one.written, wanted=", ".join(one.choices))
            return choices[token.value.casefold()]
        return token.value

    def _list(self, one: Field) -> tuple[str, ...]:
        if not self._takes("("):
            self._fail("segment-want-sign", wanted="(")
        values = [self._word(one)]
        while self._takes(","):
            values.append(self._word(one))
            if len(values) > MOST_VALUES:
                self._fail("segment-values", most=MOST_VALUES)
        if not self._takes(")"):
            self._fail("segment-want-comma-or-close")
        return tuple(dict.fromkeys(values))

    def _flag(self, one: Field) -> Tree:
        self._takes("=", "is")
        return Condition(one, Op.IS, self._takes_word("yes", "no") or "yes")

    def _number(self, one: Field) -> Tree:
        known = self._known_or(one)
        if known is not None:
            return known
        op = self._operator(one, _COMPARED)
        if one.kind is Kind.MONEY:
            return Condition(one, op, self._amount(one))
        token = self._take()
        if token.sort is not Sort.NUMBER:
            self._fail("segment-want-number", token, field=one.written)
        value = Decimal(token.value)
        if one.kind is Kind.COUNT and value != value.to_integral_value():
            self._fail("segment-want-whole", token, field=one.written)
        return Condition(one, op, self._bounded(value, token))

    def _bounded(self, value: Decimal, token: Token) -> Decimal:
        if abs(value) > _BIGGEST:
            self._fail("segment-big", token)
        return value

    def _amount(self, one: Field) -> Money:
        start = self._take()
        together = _ONE_MONEY.fullmatch(start.value)
        if together is not None:
            amount, currency = self._bounded(Decimal(together[1]), start), replace(start, value=together[2])
        elif start.sort is Sort.NUMBER:
            amount, currency = self._bounded(Decimal(start.value), start), self._take()
        else:
            number = self._take()
            if number.sort is not Sort.NUMBER:
                self._fail("segment-want-money", start, field=one.written)
            amount, currency = self._bounded(Decimal(number.value), number), start
        return self._money(amount, currency, start)

    def _money(self, amount: Decimal, currency: Token, start: Token) -> Money:
        code = currency.value.upper()
        if not is_currency(code):
            self._fail("segment-want-currency", currency)
        try:
            return Money(to_minor(amount, code), code, amount)
        except OrderRefused:
            self._fail("segment-fraction", start, currency=code)

    def _moment(self, one: Field) -> Tree:
        known = self._known_or(one)
        if known is not None:
            return known
        if word := self._takes("within", "over"):
            count, unit = self._span()
            if self._takes("ago") and word == "within":
                self._fail("segment-want-joint", self._tokens[self._at - 1])
            return Condition(one, Op.MOST if word == "within" else Op.MORE, Ago(count, unit))
        if one.kind is Kind.DAY and self._takes("in"):
            return Condition(one, Op.IS, Coming(*self._span()))
        op = self._operator(one, _COMPARED)
        return Condition(one, op, self._day(one))

    def _day(self, one: Field) -> Value:
        token = self._next
        if self._takes_word("today"):
            return Named.TODAY
        if token.sort is Sort.NUMBER:
            count, unit = self._span()
            if not self._takes("ago"):
                self._fail("segment-want-sign", wanted="ago")
            return Ago(count, unit)
        self._take()
        if token.sort is not Sort.WORD or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", token.value):
            self._fail("segment-want-day", token, field=one.written)
        try:
            found = date.fromisoformat(token.value)
        except ValueError:
            self._fail("segment-no-day", token)
        if found.year not in _YEARS:
            self._fail("segment-no-day", token)
        return found

    def _span(self) -> tuple[int, Unit]:
        token = self._take()
        if token.sort is not Sort.NUMBER or not token.value.isdigit():
            self._fail("segment-want-span", token)
        unit = self._take()
        found = _UNITS.get(unit.value.casefold()) if unit.sort is Sort.WORD else None
        if found is None:
            self._fail("segment-want-unit", unit)
        if len(token.value) > 6 or int(token.value) > _FARTHEST[found]:
            self._fail("segment-big", token)
        return int(token.value), found

    def _birthday(self, one: Field) -> Tree:
        known = self._known_or(one)
        if known is not None:
            return known
        if self._takes("in"):
            count, unit = self._span()
            if not count or _days(count, unit) > 366:
                self._fail("segment-big", self._tokens[self._at - 2])
            return Condition(one, Op.IS, Coming(count, unit))
        if self._takes_word("today"):
            return Condition(one, Op.IS, Named.TODAY)
        if word := self._takes_word("this", "next"):
            if not self._takes_word("month"):
                self._fail("segment-want-sign", wanted="month")
            return Condition(one, Op.IS, Named(f"{word} month"))
        op = self._operator(one, (Op.IS, Op.NOT))
        if op is Op.IS and self._takes_word("today"):
            return Condition(one, op, Named.TODAY)
        token = self._take()
        found = re.fullmatch(r"([0-9]{2})-([0-9]{2})", token.value)
        if token.sort is not Sort.WORD or found is None:
            self._fail("segment-want-birthday", token)
        month, day = int(found[1]), int(found[2])
        if not (1 <= month <= 12 and 1 <= day <= _MONTH_DAYS[month - 1]):
            self._fail("segment-no-day", token)
        return Condition(one, op, token.value)

    def _segment(self, one: Field) -> Tree:
        negated = self._takes("=", "!=") == "!="
        token = self._next
        name = self._word(one)
        text = self._known.segments.get(name)
        if text is None:
            near = difflib.get_close_matches(name, self._known.segments, 1)
            if not near:
                self._fail("segment-unknown-segment", token, segment=name[:40])
            self._fail("segment-unknown-segment-near", token, segment=name[:40], near=near[0])
        if name in self._within:
            self._fail("segment-circle", token, segment=name)
        if len(self._within) >= DEEPEST:
            self._fail("segment-deep", token, most=DEEPEST)
        self._conditions[0] -= 1  # it counts as what it asks for
        try:
            tree = _read(text, self._known, (*self._within, name), self._conditions)
        except SegmentError as error:
            if error.key in {"segment-circle", "segment-many", "segment-deep"}:
                self._fail(error.key, token, **error.values)
            raise SegmentError(error.key, token.place, error.found, error.values, error.inside or name) from error
        condition = Condition(one, Op.IS, Saved(name, tree))
        return Not(condition) if negated else condition


def _days(count: int, unit: Unit) -> int:
    return count * {Unit.DAYS: 1, Unit.WEEKS: 7, Unit.MONTHS: 30, Unit.YEARS: 365}[unit]
