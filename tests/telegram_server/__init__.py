"""A small, strict Bot API server on loopback: the oracle of the contract and fault tests.

In-process it is `async with TelegramServer() as server` with `server.state` to look at; as a process it is started by
`client.start`, and `client.Control` feeds and asks it over HTTP.
"""

from tests.telegram_server.server import TOKEN, TelegramServer

__all__ = ["TOKEN", "TelegramServer"]
