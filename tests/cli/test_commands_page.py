"""docs/commands.md holds the help of every command; `python -m tests.cli.test_commands_page` writes it again."""

from collections.abc import Iterator
from pathlib import Path

from typer.main import get_command
from typer.testing import CliRunner

from bot.cli import app

PAGE = Path(__file__).resolve().parents[2] / "docs" / "commands.md"

INTRODUCTION = """\
# Commands

The command is `frontdesk` (in a checkout `.venv/bin/frontdesk`, or `python -m bot`).

- Every command takes `--config FILE`; without it `config.toml` of the current folder is read, and without that the
  defaults hold. `match` reads no settings unless it is asked to.
- What goes wrong is said in a sentence on standard error. The exit code is 0 when it went well, 1 when it did not, and
  2 when the command was not used as below.
- `--json` prints JSON on standard output, for scripts. Its keys are kept.

This page is written by `python -m tests.cli.test_commands_page` and held true by a test.
"""


def names(group: object, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command with the groups above it, in the order of the help."""
    for name, command in getattr(group, "commands", {}).items():
        yield (*before, name)
        yield from names(command, (*before, name))


def page() -> str:
    """The whole page."""
    parts = [INTRODUCTION]
    for name in [(), *names(get_command(app))]:
        help_text = CliRunner().invoke(app, [*name, "--help"], prog_name="frontdesk", terminal_width=100).stdout
        parts.append(f"## {' '.join(('frontdesk', *name))}\n\n```text\n{help_text.strip()}\n```\n")
    return "\n".join(parts)


def test_the_page_holds_the_help_of_every_command() -> None:
    """Whoever changes a command writes the page again."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_command_takes_a_configuration() -> None:
    """`--config FILE` is promised for all of them."""
    groups = {name[0] for name in names(get_command(app)) if len(name) > 1}

    for name in names(get_command(app)):
        if name[-1] in groups:
            continue
        command = get_command(app)
        for part in name:
            command = getattr(command, "commands")[part]  # noqa: B009 - a group, which the type does not say
        assert any("--config" in parameter.opts for parameter in command.params), name


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
