"""Colleagues: /staff lists them, changes a role, puts somebody into a team, lets somebody go."""

from bot.message import Button, Reply
from bot.turn import Handler, Turn
from crm_core import staff
from crm_core.models import STAFF_ROLES, Staff
from crm_core.staff import StaffRefused

_ROLE = ("role", "角色")
_TEAM = ("team", "小组")
_REVOKE = ("revoke", "移除")


async def command(turn: Turn) -> list[Reply]:
    """`/staff`, `/staff role Wei supervisor`, `/staff team Wei tea`, `/staff revoke Wei`."""
    first, _, rest = turn.argument.partition(" ")
    word = first.casefold()
    if word in _REVOKE:
        return await _revoke(turn, rest)
    name, _, last = rest.strip().rpartition(" ")
    if word in _ROLE and name:
        return await _role(turn, name, last)
    if word in _TEAM and rest:
        return await _team(turn, name or rest, last if name else "")
    return await _listed(turn)


async def _listed(turn: Turn) -> list[Reply]:
    colleagues = await staff.everybody(turn.work)
    twice = {one.name for one in colleagues if [other.name for other in colleagues].count(one.name) > 1}
    lines = [turn.say("staff-title", count=len(colleagues))]
    lines += [
        turn.say(
            "staff-line-team" if one.team else "staff-line",
            name=f"{one.name} ({one.id})" if one.name in twice else one.name,
            role=turn.say(f"role-{one.role}"),
            team=one.team,
        )
        for one in colleagues
    ]
    return [Reply(text="\n".join((*lines, "", turn.say("staff-how"))), titled=True)]


async def _meant(turn: Turn, name: str) -> Staff | Reply:
    found = await staff.named(turn.work, name)
    if len(found) == 1:
        return found[0]
    return turn.reply("staff-ambiguous" if found else "staff-unknown", name=name[:60])


async def _role(turn: Turn, name: str, word: str) -> list[Reply]:
    roles = {turn.say(f"role-{role}").casefold(): role for role in STAFF_ROLES} | {role: role for role in STAFF_ROLES}
    role = roles.get(word.casefold())
    if role is None:
        return [turn.reply("staff-no-role", word=word[:40])]
    one = await _meant(turn, name)
    if isinstance(one, Reply):
        return [one]
    button = turn.button("button-change-role", "staff.role", staff=str(one.id), role=role.value)
    said = {"name": one.name, "before": turn.say(f"role-{one.role}"), "after": turn.say(f"role-{role}")}
    return [turn.reply("staff-role-sure", (button,), **said)]


async def _revoke(turn: Turn, name: str) -> list[Reply]:
    one = await _meant(turn, name)
    if isinstance(one, Reply):
        return [one]
    button = Button(label=turn.say("button-revoke"), act="staff.revoke", args={"staff": str(one.id)})
    return [turn.reply("staff-revoke-sure", (button,), name=one.name)]


async def _team(turn: Turn, name: str, team: str) -> list[Reply]:
    assert turn.staff is not None
    one = await _meant(turn, name)
    if isinstance(one, Reply):
        return [one]
    await staff.put_in_team(turn.work, one, team, turn.staff.id)
    return [turn.reply("staff-team-set" if one.team else "staff-team-none", name=one.name, team=one.team)]


async def change_role(turn: Turn) -> list[Reply]:
    """Once it was agreed to: the other role, from now on."""
    assert turn.staff is not None
    assert turn.pressed is not None
    one = await turn.work.session.get_one(Staff, int(turn.pressed.args["staff"]))
    role = str(turn.pressed.args["role"])
    try:
        await staff.change_role(turn.work, one, role, turn.staff.id)
    except StaffRefused as refused:
        return [turn.reply(refused.key.replace("_", "-"))]
    return [turn.reply("staff-role-done", name=one.name, role=turn.say(f"role-{role}"))]


async def revoke(turn: Turn) -> list[Reply]:
    """Once it was agreed to: this colleague is none any more."""
    assert turn.staff is not None
    assert turn.pressed is not None
    one = await turn.work.session.get_one(Staff, int(turn.pressed.args["staff"]))
    try:
        await staff.revoke(turn.work, one, turn.staff.id)
    except StaffRefused as refused:
        return [turn.reply(refused.key.replace("_", "-"))]
    return [turn.reply("staff-revoked", name=one.name)]


HANDLER = Handler(
    name="staff",
    commands={"/staff": ("staff.list", command)},
    acts={"staff.role": change_role, "staff.revoke": revoke},
)
