"""Telegram: whether the token is there and known."""

import json
import re
import urllib.error
import urllib.request
from typing import Any

from bot.config import ConfigError, Settings
from bot.doctor.finding import PATIENCE, Finding, good, note, wrong


def examine_telegram(settings: Settings) -> Finding:
    if not settings.telegram.enabled:
        return note("telegram", "It is switched off ([telegram] enabled).")
    try:
        token = settings.read_token().get_secret_value()
    except ConfigError as error:
        return wrong("telegram", error.problems[0], "Put the token that BotFather gave into this file.")
    if not token:
        return wrong("telegram", "There is no token.", "Give it to `frontdesk secret set telegram.token`.")
    base = settings.telegram.api_base
    if not re.fullmatch(r"\d+:[\w-]+", token):
        return wrong("telegram", "The token does not look like 123456:letters.", "Ask BotFather for it (/token).")
    try:
        with urllib.request.urlopen(f"{base}/bot{token}/getMe", timeout=PATIENCE) as answer:  # noqa: S310 - checked by the settings
            return _bot(json.loads(answer.read(100_000)), base)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in {401, 404}:
            return wrong("telegram", f"{base} does not know the token.", "Ask BotFather for it (/token).")
        return wrong("telegram", f"{base} answered {error.code}.", "Try again later; see [telegram] api_base.")
    except (OSError, ValueError) as error:
        why = getattr(error, "reason", None) or error
        # The address holds the token, and messages of some errors hold the address.
        return wrong(
            "telegram",
            f"{base} cannot be reached: {str(why).replace(token, '…')}.",
            "See that this machine may reach it; [telegram] api_base names another server.",
        )


def _bot(answer: Any, base: str) -> Finding:
    if not isinstance(answer, dict) or not isinstance(answer.get("result"), dict):
        return wrong("telegram", f"What {base} answers is no Bot API.", "See [telegram] api_base.")
    return good("telegram", f"{base} knows the bot as @{answer['result'].get('username', '?')}.")
