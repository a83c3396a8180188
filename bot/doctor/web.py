"""The web server: whether its port is free, and what a Frontdesk that runs there tells."""

import errno
import json
import re
import socket
import urllib.request
from datetime import datetime
from http.client import HTTPException

from bot.config import Settings
from bot.doctor.finding import PATIENCE, Finding, good, note, wrong


def examine_web(settings: Settings) -> Finding:
    if not settings.web.enabled:
        return note("web", "It is switched off ([web] enabled).")
    host, port = settings.web.host, settings.web.port
    if port == 0:
        return good("web", "Any free port is taken at the start ([web] port = 0).")
    problem = _binding_problem(host, port)
    if problem is None:
        return good("web", f"Port {port} of {host} is free.")
    if problem != errno.EADDRINUSE:
        return wrong(
            "web",
            f"Frontdesk cannot listen on {host}:{port}: {_reason(problem)}.",
            "Set [web] host to an address of this machine, and port to one above 1023.",
        )
    if _is_frontdesk(f"{_address(settings)}/healthz"):
        return good("web", f"Frontdesk is running on {host}:{port}.")
    return wrong("web", f"Another program listens on {host}:{port}.", "Set [web] port to another one, or stop it.")


def _binding_problem(host: str, port: int) -> int | None:
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, proto) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except OSError as error:
        return error.errno or errno.EINVAL
    return None


def _reason(number: int) -> str:
    return OSError(number, "").strerror or errno.errorcode.get(number, "unknown reason")


def _address(settings: Settings) -> str:
    """Where a Frontdesk with these settings answers on this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.web.host, settings.web.host)  # noqa: S104 - compared only
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.web.port}"


def _is_frontdesk(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:  # noqa: S310 - our own address, always http
            found = json.loads(answer.read(10_000))
    except (OSError, HTTPException, ValueError):
        return False
    return isinstance(found, dict) and found.get("alive") is True


def examine_training(settings: Settings) -> list[Finding]:
    """What the Frontdesk that runs here tells of its training; nothing when none does, or none that can be asked."""
    if not (settings.web.enabled and settings.web.port):
        return []
    try:
        with urllib.request.urlopen(f"{_address(settings)}/metrics", timeout=PATIENCE) as answer:  # noqa: S310 - our own address, always http
            page = answer.read(1_000_000).decode("utf-8", "replace")
    except (OSError, HTTPException):
        return []
    found = dict(re.findall(r"^(frontdesk_training_failed\w*) ([\d.e+]+)$", page, re.MULTILINE))
    if "frontdesk_training_failed" not in found:
        return []
    if (seconds := found.get("frontdesk_training_failed_since_seconds")) is None:
        return [good("training", "The Frontdesk that runs here has learnt its articles, or is about to.")]
    since = datetime.fromtimestamp(float(seconds), settings.zone)
    return [
        wrong(
            "training",
            f"Since {since:%Y-%m-%d %H:%M} ({settings.shop.time_zone}) the Frontdesk that runs here fails to learn its "
            "articles; questions are matched with what it learnt before.",
            "The log says why. It is tried again by itself, and at once when an article changes.",
        )
    ]
