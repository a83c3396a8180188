"""docs/howto/login.md: its example makes a login that is let in."""

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from bot.logins import Logins
from tests.docs.pages import read

_SECRET = "a secret of the shop, long enough for HS256"


def test_the_example_of_the_page_is_let_in(tmp_path: Path) -> None:
    """As it stands there, with a secret beside it."""
    (code,) = re.findall(r"```python\n(.*?)```", read("docs/howto/login.md"), re.DOTALL)
    (tmp_path / "login.secret").write_text(f"{_SECRET}\n", encoding="utf-8")

    said = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True).stdout

    login = Logins(_SECRET).read(said.strip().partition("=")[2], datetime.now(UTC))
    assert (login.reference, login.name) == ("C-1001", "Ana Lima")
