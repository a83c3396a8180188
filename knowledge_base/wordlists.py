"""Small word lists that matching needs: words that say little, and irregular forms."""

from typing import Final


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# Common words carry little of the question. They are weighed down, never removed: "to" and "from" decide some.
STOP_WORDS: Final[frozenset[str]] = _words(
    """
    a about all also am an and any are as at be been being but by can could did do does doing done for from get
    got had has have having hello hey hi how i id if ill im in is it its ive just let like may me might my need of
    off ok okay on or our out please pls plz s should so some t tell than thank thanks that the their them then there
    these they this those to u ur us want wanted was we were what when where which who why will with would you your
    youre
    """
)

STOP_CHARACTERS: Final[frozenset[str]] = frozenset(
    "的了吗呢啊呀吧嘛哦呐哈么是我你您们在就也都有这那个一下请问想要和与跟给把会能可以"
)
STOP_PAIRS: Final[frozenset[str]] = _words(
    """
    什么 怎么 怎样 如何 可以 能不 不能 我的 我想 想要 请问 你们 您们 我们 是不 不是 有没 没有 一下
    这个 那个 为什 为啥 么样 时候
    """
)

# Characters that are words by themselves and may stand beside any other.
SINGLE_CHARACTER_WORDS: Final[frozenset[str]] = STOP_CHARACTERS | frozenset(
    "一二三四五六七八九十两几多少半每各某第件只条张台份次天年月日号点分秒他她它咱谁地得着过从到向往对被让及或没不别未无非很太最更还才又再便"
    "来去上进出回起说看听该买卖退换收发寄送取付用做改查找开关打拿放带钱人家店货大小高低长短新旧好坏快慢早晚前后里外中但而因所如若哪啥咋等为之将叫"
)

_IRREGULAR: Final = """
    be: am is are was were been being; have: has had having; do: does did done; go: goes went gone; get: got gotten;
    buy: bought; pay: paid; send: sent; lose: lost; make: made; take: took taken; break: broke broken;
    steal: stole stolen; find: found; give: gave given; write: wrote written; keep: kept; tell: told; say: said;
    withdraw: withdrew withdrawn; choose: chose chosen; come: came; know: knew known; leave: left; spend: spent;
    forget: forgot forgotten; see: saw seen; think: thought; bring: brought; sell: sold; hold: held; become: became;
    begin: began begun; eat: ate eaten; drink: drank drunk; wear: wore worn; tear: tore torn; fall: fell fallen;
    grow: grew grown; hear: heard; meet: met; read: reads; run: ran; sleep: slept; speak: spoke spoken; swear: swore;
    understand: understood; win: won; feel: felt; build: built; catch: caught; teach: taught; lend: lent; drive: drove;
    fly: flew flown; freeze: froze frozen; ride: rode; rise: rose risen; ring: rang rung; shake: shook; wake: woke;
    child: children; person: people; man: men; woman: women; foot: feet; tooth: teeth
    """

# The irregular forms of common English words, to the base form.
IRREGULAR_FORMS: Final[dict[str, str]] = {
    form: base.strip()
    for entry in _IRREGULAR.split(";")
    for base, _, forms in (entry.partition(":"),)
    for form in forms.split()
}
