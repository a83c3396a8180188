"""Signed logins: the shop's own site says in a token who is logged in there, and nobody else can."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import jwt

from crm_core.identities import Login, LoginFailed

LONGEST_LIFE: Final = timedelta(minutes=10)
SKEW: Final = timedelta(seconds=60)  # how far two clocks may be apart
_ALGORITHM: Final = "HS256"
_LONGEST_TOKEN: Final = 4_000  # characters
_LONGEST: Final = {"sub": 190, "jti": 190, "name": 100, "email": 254, "phone": 40}


class Logins:
    """Reads the tokens that were signed with one secret."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def read(self, token: str, now: datetime) -> Login:
        """What a token says; raises LoginFailed for one that is forged, expired, lives too long or says too little."""
        if len(token) > _LONGEST_TOKEN:
            raise LoginFailed("login_refused")
        try:
            claims = jwt.decode(
                token,
                self._secret,
                algorithms=[_ALGORITHM],
                # Times are held against our own clock below.
                options={
                    "require": ["exp", "sub", "jti"],
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
        except (jwt.InvalidTokenError, ValueError, TypeError, RecursionError) as error:
            raise LoginFailed("login_refused") from error
        expires_at = _moment(claims["exp"])
        if not now - SKEW < expires_at <= now + LONGEST_LIFE + SKEW:
            raise LoginFailed("login_refused")
        if any(_moment(claims[name]) > now + SKEW for name in ("iat", "nbf") if name in claims):
            raise LoginFailed("login_refused")
        said = {name: _text(claims.get(name, ""), longest) for name, longest in _LONGEST.items()}
        if not said["sub"] or not said["jti"]:
            raise LoginFailed("login_refused")
        return Login(
            reference=said["sub"],
            nonce=said["jti"],
            expires_at=expires_at,
            name=said["name"],
            email=said["email"],
            phone=said["phone"],
        )


def _moment(value: Any) -> datetime:
    """A time in seconds since 1970."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise LoginFailed("login_refused")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise LoginFailed("login_refused") from error


def _text(value: Any, longest: int) -> str:
    if not isinstance(value, str) or len(value) > longest:
        raise LoginFailed("login_refused")
    text = value.strip()
    if not text.isprintable():
        raise LoginFailed("login_refused")
    return text
