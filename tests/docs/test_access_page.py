"""docs/access.md is the table of `crm_core.rules.access`; `python -m tests.docs.test_access_page` writes it again."""

from collections.abc import Sequence

from bot import handlers
from crm_core.models import Role
from crm_core.rules.access import ACTS, DOORS, TOPICS, About, Rule, Scope
from tests.docs.pages import DOCS

PAGE = DOCS / "access.md"
_ROLES = (Role.CUSTOMER, Role.AGENT, Role.SUPERVISOR, Role.MARKETER, Role.ADMIN)
_REACH = {Scope.OWN: "own", Scope.QUEUE: "own queue", Scope.TEAM: "team", Scope.ALL: "all"}
_INTRODUCTION = """\
# Who may do what

Everything is denied but what stands here. A cell says how far somebody reaches: *own* is a customer's own talk, or the
tickets that a colleague has; *own queue* also tickets that wait for their team or for everybody; *team* also what their
team has; *yes* stands where an act is done to nobody in particular. `[access] agents_see` narrows an agent's *all* to
*own queue* or *team*; a customer's record is within reach of who reaches one of their tickets. With *step-up* a second
person has to agree first, or where there is nobody else the PIN is asked
([staff](howto/staff.md)).

The page is written from the code by `python -m tests.docs.test_access_page`, and a test holds it true. Others press
every button and knock at every door as each of nobody, two customers and the four roles.
"""


def _cells(rule: Rule) -> list[str]:
    def cell(role: Role) -> str:
        scope = rule.roles.get(role)
        if scope is None:
            return ""
        return "yes" if rule.about is About.NOTHING and scope in (Scope.OWN, Scope.ALL) else _REACH[scope]

    return ["yes" if rule.nobody else "", *(cell(role) for role in _ROLES)]


def _table(heads: tuple[str, ...], rows: list[list[str]]) -> str:
    return "\n".join([_row(heads), f"|{'---|' * len(heads)}", *(_row(row) for row in rows)])


def _row(cells: Sequence[str]) -> str:
    return f"|{'|'.join(f' {cell} ' if cell else ' ' for cell in cells)}|"


def page() -> str:
    """The whole page."""
    commands: dict[str, list[str]] = {}
    for name, (act, _answer) in handlers.COMMANDS.items():
        commands.setdefault(act, []).append(f"`{name}`")
    everybody = ("nobody", *(role.value for role in _ROLES))
    acts = [
        [
            f"`{act}`",
            ", ".join(commands.get(act, ())),
            rule.about.value,
            *_cells(rule),
            "step-up" if rule.step_up else "",
        ]
        for act, rule in sorted(ACTS.items())
    ]
    doors = [[f"`{door}`", f"`{act}`", *_cells(ACTS[act])] for door, act in DOORS.items()]
    topics = [[f"`{topic or 'chat'}`", f"`{act}`", *_cells(ACTS[act])] for topic, act in TOPICS.items()]
    return "\n".join(
        [
            _INTRODUCTION,
            "## Acts: commands, buttons and words\n",
            _table(("act", "commands", "done to a", *everybody, ""), acts),
            "\n## Doors of the web server\n",
            "`/metrics` is for this machine and its private network only. The pages under `web.open` show nothing of",
            "anybody. At `/files/` each sees the files of talks that they see.\n",
            _table(("door", "act", *everybody), doors),
            "\n## What is read over a socket\n",
            _table(("topic", "act", *everybody), topics),
            "",
        ]
    )


def test_the_page_is_the_table() -> None:
    """Whoever changes the table writes the page again."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_no_command_does_what_needs_a_step_up() -> None:
    """It offers the button that does."""
    assert [name for name, (act, _answer) in handlers.COMMANDS.items() if ACTS[act].step_up] == []


def test_the_table_knows_no_act_that_there_is_not() -> None:
    """Each is a command's, a button's, a door's, a topic's, or asked for by name in the code."""
    used = {act for act, _answer in handlers.COMMANDS.values()} | set(handlers.ACTS) | set(handlers.AHEAD)
    used |= set(DOORS.values()) | set(TOPICS.values())
    code = "".join(path.read_text(encoding="utf-8") for path in sorted((DOCS.parent / "bot").rglob("*.py")))

    assert [act for act in ACTS if act not in used and f'"{act}"' not in code] == []


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
