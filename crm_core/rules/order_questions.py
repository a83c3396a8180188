"""Where is my order 1234? 我的订单1234到哪了？ Told apart from other questions, in English and Chinese."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

_LONGEST: Final = 200  # characters; who writes more tells a story, which the articles or a person should hear
_MOST_NUMBERS: Final = 5

_WRITTEN = r"(?<![A-Za-z0-9@.+_\-])[A-Za-z0-9]+(?:[-_/][A-Za-z0-9]+)*(?![A-Za-z0-9@])"
_NUMBERS = re.compile(r"(?P<hash>#\s?)?(?P<number>" + _WRITTEN + ")")
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}/\d{1,2}(?:/\d{2,4})?")
_UNIT = re.compile(
    r"\s*(?:%|€|\$|£|¥|(?:g|kg|mg|ml|cl|l|oz|lb|lbs|cm|mm|pcs|pieces?|items?|units?|boxes|bags|packs?|cups|pounds?|"
    r"euros?|eur|usd|gbp|cny|rmb|yuan|dollars?|days?|weeks?|months?|years?|hours?|minutes?|am|pm|times|percent|people)\b"
    r"|[元块塊个個件盒袋箱瓶罐克斤两兩天日年月周点點分次人折%]|包(?!裹))",
    re.IGNORECASE,
)

_NOUN_EN = r"(?:orders?|parcels?|packages?|shipments?|deliver(?:y|ies)|purchase|consignment)"
_NOUN_ZH = r"(?:[订訂][单單]|[单單][号號]|单子|單子|运单|運單|包裹|快递|快遞|快件|物流单|物流單)"
_NOUN = re.compile(rf"\b{_NOUN_EN}\b|\btracking\b|{_NOUN_ZH}|[这那這]单|货|貨|东西|東西", re.IGNORECASE)
_NUMBER_WORD = r"(?:tracking\s+)?(?:numbers?|num|no|nr|id|code|ref(?:erence)?)?\.?\s*(?:is|was)?\s*[:：]?\s*"
# "order 1234", "order no. 1234", "订单号：1234", "1234这个订单"; "I order 1234" asks for as many of something.
_BEFORE = re.compile(
    rf"(?:(?<!\bi )(?<!\bto )(?<!\bwe )(?<!\byou )\b(?:{_NOUN_EN}|tracking)\s*{_NUMBER_WORD}"
    rf"|{_NOUN_ZH}\s*(?:编号|編號|编码|号码|號碼|号|號)?\s*(?:是|为|為)?\s*[:：]?\s*)$",
    re.IGNORECASE,
)
_AFTER = re.compile(rf"\s*(?:号|號|这个|那个|這個|那個|这|那|的)?的?\s*(?:{_NOUN_ZH}|[这那這]单)")

_WHERE = re.compile(
    r"\b(?:where|wheres|track|tracked|tracking|status|when|eta|update|updates|news|progress|ship|ships|shipped|shipping|"
    r"sent|dispatched|despatched|deliver|delivered|arrive|arrives|arrived|arriving|coming|come|comes|way|long|far|late|"
    r"happening|happened|check|look|find|show|see|waiting|received|here|going|transit|stuck|delayed)\b"
    r"|到哪|在哪|哪里|哪裡|哪儿|哪兒|到了|到没|到沒|到达|到達|送到|什么时候|什麼時候|啥时候|何时|几时|多久|多会儿|状态|狀態|进度|進度|进展|情况|情況"
    r"|物流|查|跟踪|追踪|追蹤|发货|發貨|发了|发出|發出|寄出|寄了|收到|没到|沒到|还没|還沒|怎么样|怎麼樣|怎样|到货|到貨|派送|配送|运到|签收|簽收|走到|动静",
    re.IGNORECASE,
)
_SOMETHING_ELSE = re.compile(
    r"\b(?:cancel\w*|refund\w*|return\w*|exchang\w*|chang\w*|address|broke\w*|damag\w*|defect\w*|wrong\w*|missing|leak\w*|"
    r"empty|invoic\w*|receipts?|complain\w*|complaint|pay|paid|payment|payments|discount|coupon|voucher|review\w*|rate|"
    r"reorder|again|buy|add|remove|stop|gift|money|price|cost|costs|charged|charge|fee|how many|how much|minimum|bulk|"
    r"wholesale|instead|tickets?)\b"
    r"|取消|退|换|換|改|修改|地址|坏|壞|破|碎|错|錯|少|漏|缺|发票|發票|投诉|投訴|付款|支付|优惠|優惠|折扣|评价|評價|再买|再來|再来|再订|"
    r"赔|賠|差|补|補|多少钱|多少錢|运费|運費|礼|禮|批发|批發|工单|工單",
    re.IGNORECASE,
)
# What may stand beside a number and the word for order in a text that says nothing else.
_FILLER = re.compile(
    r"\b(?:my|the|please|pls|hi|hello|hey|about|for|is|it|its|it's|this|what|what's|whats|how|how's|with|number|numbers|"
    r"no|nr|id|code|ref|reference|tracking|order|orders|parcel|package|shipment|delivery|question|i|have|a|on|of|info)\b"
    r"|[订訂][单單]|[单單][号號]|单子|运单|運單|包裹|快递|快遞|快件|编号|編號|号码|號碼|号|號|我|的|是|为|請|请|问|問|你好|您好|帮|幫|看|一下|麻烦|麻煩|想|这个|那个|呢|吗|嗎|了"
    r"|[\s#:：,，.。?？!！;；、~～\-'’\"“”]",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class OrderQuestion:
    """A question about how an order stands."""

    named: str  # the number that is said to be that of an order; "" when none is
    numbers: tuple[str, ...]  # whatever in the text could be such a number
    order: bool  # whether an order, a parcel or the like is spoken of at all


def read(text: str) -> OrderQuestion | None:
    """What is asked about an order; None for any other text, also one that wants an order cancelled or paid back."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if not plain or len(plain) > _LONGEST or _SOMETHING_ELSE.search(plain):
        return None
    order = bool(_NOUN.search(plain))
    # "#12" is an order beside a word for it only: our tickets are written so, too.
    found = [one for one in _NUMBERS.finditer(plain) if _could_be(one, hashed=order and bool(one["hash"]))]
    found = found[:_MOST_NUMBERS]
    if not (order or found) or not (_WHERE.search(plain) or _says_nothing_else(plain, found)):
        return None
    named = next((one["number"] for one in found if one["hash"] or _is_named(one)), "")
    return OrderQuestion(named, tuple(one["number"] for one in found), order)


def number_in(text: str) -> str:
    """The number in a text that answers "which order?"; "" when there is none, or more than one."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if len(plain) > _LONGEST:
        return ""
    found = [one["number"] for one in _NUMBERS.finditer(plain) if _could_be(one, hashed=True)]
    return found[0] if len(found) == 1 else ""


def is_same_number(said: str, on_record: str, *, loosely: bool) -> bool:
    """Whether somebody means this order: dashes and case aside; `loosely` by its digits alone, "2003" for H-2003."""
    said, on_record = bare(said), bare(on_record)
    if said == on_record:
        return bool(said)
    return loosely and len(said) >= 3 and said.isdigit() and said == re.sub(r"\D", "", on_record)


def bare(reference: str) -> str:
    """A number without what people leave out or write otherwise: "H-2003" is "h2003"."""
    return re.sub(r"[^a-z0-9]", "", reference.casefold())


def _could_be(found: re.Match[str], *, hashed: bool) -> bool:
    number = found["number"]
    digits = sum(one.isdigit() for one in number)
    if not digits or len(number) > 40 or _DATE.fullmatch(number) or _UNIT.match(found.string, found.end()):
        return False
    return hashed or digits >= 3 or bool(re.search(r"[A-Za-z].*-", number))  # "A-1" is no quantity


def _is_named(found: re.Match[str]) -> bool:
    return bool(_BEFORE.search(found.string[: found.start()]) or _AFTER.match(found.string, found.end()))


def _says_nothing_else(text: str, found: list[re.Match[str]]) -> bool:
    for one in found:
        text = text.replace(one["number"], " ")
    return bool(found) and not _FILLER.sub("", text)
