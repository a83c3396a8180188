"""`python -m tests.telegram_server --port 0`: serve until SIGTERM, after one line of JSON with the address."""

import argparse
import asyncio
import json
import signal
from pathlib import Path

from tests.telegram_server import TOKEN, TelegramServer


async def serve(options: argparse.Namespace) -> None:
    """Serve until SIGTERM or SIGINT."""
    over = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, over.set)
    server = TelegramServer(token=options.token, port=options.port, log_file=options.log, limits=options.limits)
    async with server:
        print(json.dumps({"port": server.port, "url": server.url, "token": options.token}), flush=True)  # noqa: T201
        await over.wait()


def main() -> None:
    """Read the options and serve."""
    parser = argparse.ArgumentParser(prog="python -m tests.telegram_server", description="A strict Bot API server.")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--token", default=TOKEN, help="the one token that is accepted")
    parser.add_argument("--log", type=Path, help="append every call that took effect to this file")
    parser.add_argument("--limits", action="store_true", help="answer 429 above Telegram's sending limits")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
