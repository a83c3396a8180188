"""The fields that files of customers and orders may have, and which column of a table holds which of them."""

import difflib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.importing.fields import Column
from bot.importing.refused import ImportRefused
from bot.importing.tables import letters_of

ATTRIBUTE: Final = "attribute."  # and its key: a field that the operator defined
_ADDED = re.compile(r"\s*[(（\[].*?[)）\]]\s*$")  # "Phone (mobile)"


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its name in JSON Lines and for --map, what it holds, and the headings by which it is recognised."""

    name: str
    holds: str
    english: str  # headings parted by commas
    chinese: str  # parted by 、

    @property
    def headings(self) -> list[str]:
        """Every heading, its own name first."""
        return [self.name, *filter(None, self.english.split(", ")), *filter(None, self.chinese.split("、"))]


CUSTOMER_FIELDS: Final = (
    Field(
        "external_ref",
        "the shop's own number for the customer; a proof key",
        "reference, ref, customer id, customer no, customer number, account number, member id",
        "客户编号、客户号、客户id、会员号、会员编号、会员id、会员卡号、用户id、编号",
    ),
    Field(
        "email",
        "an e-mail address; a proof key",
        "e-mail, mail, email address, e-mail address",
        "邮箱、电子邮箱、邮件、电邮、邮箱地址",
    ),
    Field(
        "more_emails",
        "further e-mail addresses, one a line; proof keys",
        "other emails, further e-mails",
        "其他邮箱",
    ),
    Field(
        "phone",
        "a phone number; a proof key where the row or the customer has no e-mail address",
        "phone number, telephone, tel, mobile, mobile phone, mobile number, cell, cell phone",
        "手机、手机号、手机号码、电话、电话号码、联系电话、移动电话、联系方式",
    ),
    Field(
        "more_phones",
        "further phone numbers, one a line",
        "other phones, further phones",
        "其他电话、备用电话",
    ),
    Field(
        "name",
        "what the customer is called",
        "full name, customer, customer name, display name, contact name",
        "姓名、客户姓名、客户名称、名字、名称、会员姓名、昵称、联系人",
    ),
    Field(
        "more_names",
        "further names, one a line",
        "other names, also known as, former name",
        "其他姓名、曾用名、别名",
    ),
    Field(
        "address",
        "a postal address",
        "postal address, street address, shipping address",
        "地址、收货地址、详细地址、联系地址",
    ),
    Field(
        "more_addresses",
        "further addresses, one a line",
        "other addresses",
        "其他地址",
    ),
    Field(
        "language",
        "en or zh",
        "lang, locale, preferred language",
        "语言、语种",
    ),
    Field(
        "time_zone",
        "a time zone such as Asia/Shanghai",
        "timezone, zone",
        "时区",
    ),
    Field(
        "birthday",
        "the day of birth",
        "birth date, birthdate, date of birth, dob",
        "生日、出生日期、出生年月日",
    ),
    Field(
        "company",
        "where the customer works or buys for",
        "organisation, organization, firm, employer",
        "公司、公司名称、单位、企业",
    ),
    Field(
        "tags",
        "words to pin on the customer; added, never taken away",
        "tag, labels, label, groups, group",
        "标签、标记、分组",
    ),
    Field(
        "consent",
        "yes or no to marketing; never overrules what customers said themselves",
        "marketing, marketing consent, opt in, opted in, accepts marketing, newsletter, subscribed",
        "同意营销、营销授权、接受营销、订阅、是否订阅",
    ),
)

ORDER_FIELDS: Final = (
    Field(
        "external_ref",
        "the order's number in the shop's system",
        "order, order id, order no, order number, order reference, number, name, id, reference",
        "订单、订单号、订单编号、单号、交易号",
    ),
    Field(
        "source",
        "the system that the order comes from; --source where it is not said",
        "shop, sales channel",
        "来源、订单来源、店铺",
    ),
    Field(
        "customer_email",
        "whose order it is, by e-mail address",
        "email, e-mail, customer e-mail, buyer email",
        "邮箱、客户邮箱、买家邮箱、电子邮箱",
    ),
    Field(
        "customer_phone",
        "whose order it is, by phone number",
        "phone, mobile, customer phone, buyer phone",
        "手机、手机号、电话、联系电话、收货人手机、收件人电话",
    ),
    Field(
        "customer_ref",
        "whose order it is, by the shop's own number for them",
        "customer id, customer number, customer no, member id",
        "客户编号、客户号、会员号、会员编号",
    ),
    Field(
        "state",
        "where the order stands, in English or Chinese",
        "status, order status, order state, fulfillment status",
        "状态、订单状态、交易状态",
    ),
    Field(
        "state_at",
        "when it came to that",
        "status date, updated at",
        "状态时间、更新时间",
    ),
    Field(
        "total",
        "what it costs, in the currency: 12.50",
        "amount, order total, grand total, total amount, total price, price paid",
        "金额、总额、总金额、订单金额、实付金额、合计",
    ),
    Field(
        "total_minor",
        "what it costs, in minor units: 1250",
        "",
        "",
    ),
    Field(
        "currency",
        "a currency such as EUR",
        "currency code",
        "币种、货币",
    ),
    Field(
        "placed_at",
        "when it was ordered; without a zone it is a time of the shop's zone",
        "date, order date, ordered at, created at, created, order time, purchase date",
        "下单时间、订单时间、下单日期、订单日期、创建时间、日期、时间",
    ),
    Field(
        "product",
        "one product of the order; an order of several has several rows in a row",
        "product name, item, item name, lineitem name, title, description",
        "商品、商品名称、产品、产品名称、宝贝标题、品名",
    ),
    Field(
        "sku",
        "the product's number",
        "sku code, product code, item number, lineitem sku",
        "商品编码、商家编码、货号、规格编码",
    ),
    Field(
        "quantity",
        "how many of it, 1 if there is no such column",
        "qty, count, pieces, lineitem quantity",
        "数量、件数、购买数量",
    ),
    Field(
        "unit_price",
        "what one of it costs, in the currency",
        "price, item price, lineitem price",
        "单价、价格、商品单价",
    ),
    Field(
        "unit_price_minor",
        "the same in minor units",
        "",
        "",
    ),
    Field(
        "tracking",
        "the number of the parcel",
        "tracking number, tracking no, parcel number, waybill",
        "快递单号、运单号、物流单号、运单编号",
    ),
    Field(
        "carrier",
        "who brings the parcel",
        "shipping company, shipped by",
        "快递公司、物流公司、承运商",
    ),
    Field(
        "states",
        "what it came to and when, one a line: `shipped, 2026-03-02 08:00`",
        "state history, status history, order history",
        "状态记录、状态历史",
    ),
    Field(
        "payments",
        "what was paid or given back (`refund`), one a line, with its reference: `payment, 12.50, 2026-03-01, P-1`",
        "payments and refunds, transactions",
        "收退款记录、付款记录、支付记录",
    ),
)


def normal(heading: str) -> str:
    """A heading as headings are compared: letters and digits, small and half-width."""
    plain = unicodedata.normalize("NFKC", heading).casefold()
    return "".join(one for one in plain if one.isalnum())


class Known:
    """The fields of one kind of file, with the operator's own, by all headings that mean them."""

    def __init__(self, fields: Sequence[Field], attributes: Mapping[str, Sequence[str]]) -> None:
        self.names = [*(field.name for field in fields), *(f"{ATTRIBUTE}{key}" for key in attributes)]
        self._by_heading: dict[str, str] = {}
        for key, labels in attributes.items():
            for label in (f"{ATTRIBUTE}{key}", key, *labels):
                self._by_heading.setdefault(normal(label), f"{ATTRIBUTE}{key}")
        # What everybody means by a word comes before what one shop called a field of its own.
        for field in fields:
            self._by_heading |= dict.fromkeys(map(normal, field.headings), field.name)

    def field_of(self, heading: str) -> str:
        """The field that a heading means, "" for none."""
        return self._by_heading.get(normal(heading), "") or self._by_heading.get(normal(_ADDED.sub("", heading)), "")

    def knows(self, heading: str) -> bool:
        """Whether a heading means something."""
        return bool(self.field_of(heading))


@dataclass(frozen=True, slots=True)
class Mapped:
    """Which column holds which field, and the headings that mean nothing."""

    columns: dict[str, Column]
    unknown: tuple[str, ...]


def asked_for(options: Sequence[str], known: Known) -> dict[str, str]:
    """What was said by `--map "Column=field"`, by heading in normal form; an empty field leaves the column out."""
    found = {}
    for option in options:
        heading, mark, name = option.rpartition("=")
        name = name.strip()
        if not mark or not normal(heading):
            raise ImportRefused([f'--map "{option}" should be "Column=field", or "Column=" to leave a column out.'])
        if name and name not in known.names:
            near = difflib.get_close_matches(name, known.names, 1)
            meant = f"; did you mean {near[0]}?" if near else ""
            raise ImportRefused([f'--map "{option}": there is no field "{name}"{meant or "."}', _fields_line(known)])
        found[normal(heading)] = name
    return found


def map_columns(place: str, headings: Sequence[str], known: Known, asked: Mapping[str, str]) -> Mapped:
    """Guess which column is what; what was asked for goes before. Raises ImportRefused for what is not clear."""
    columns: dict[str, Column] = {}
    unknown: list[str] = []
    problems = [
        f'{place}: --map names a column "{heading}", which is not there.'
        for heading in set(asked) - {normal(one) for one in headings}
    ]
    for number, heading in enumerate(headings):
        word = normal(heading)
        name = asked[word] if word in asked else known.field_of(heading)
        if not name:
            if heading and word not in asked:
                unknown.append(heading)
            continue
        column = Column(heading, letters_of(number), number)
        if (there := columns.get(name)) is None:
            columns[name] = column
        elif word in asked and normal(there.heading) not in asked:
            columns[name] = column
            unknown.append(there.heading)
        elif normal(there.heading) in asked and word not in asked:
            unknown.append(heading)
        else:
            problems.append(
                f'{place}: "{there.heading}" ({there.letters}) and "{heading}" ({column.letters}) both mean {name}: '
                f'leave one out by --map "{heading}=".'
            )
    if not columns and not problems:
        shown = ", ".join(f'"{heading[:40]}"' for heading in headings if heading)[:400]
        problems = [f"{place}: no column of this row is known: {shown}.", _fields_line(known)]
    if problems:
        raise ImportRefused(sorted(problems))
    return Mapped(columns, tuple(unknown))


def _fields_line(known: Known) -> str:
    return f'The fields are {", ".join(known.names)}; name a column by --map "Column=field".'
