"""Small word lists that matching needs: words that say little, and words that are only small talk."""

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

GREETINGS: Final[frozenset[str]] = _words(
    """
    hi hello hey heya hiya hallo howdy yo greetings morning afternoon evening good there
    你好 您好 你们好 大家好 哈喽 哈啰 嗨 嘿 在吗 在么 在不在 有人吗 有人在吗
    早 早上好 早安 上午好 中午好 下午好 晚上好 亲 客服 老板 店家
    """
)
THANKS: Final[frozenset[str]] = _words(
    """
    thanks thank you thankyou thx ty tysm cheers so very much a lot many appreciated great perfect awesome
    谢谢 谢谢你 谢谢您 谢谢啦 谢啦 谢了 多谢 感谢 非常 非常感谢 十分感谢 辛苦 辛苦了 太好了
    """
)
GOODBYES: Final[frozenset[str]] = _words(
    """
    bye goodbye byebye cya see you later good night
    再见 拜拜 拜 回见 晚安 回头见
    """
)
# These words may stand in small talk but make none of it by themselves.
FILLERS: Final[frozenset[str]] = _words(
    """
    ok okay there good very much so you a lot many please all team again
    啊 呀 哦 噢 哈 啦 呢 吧 了 好 好的 嗯 嗯嗯 行 的 亲 客服 老板 店家 非常
    """
)
