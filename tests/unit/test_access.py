"""Who may do what, and how far they reach."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import handlers
from crm_core.models import DESK_ROLES, STAFF_ROLES, Role
from crm_core.rules.access import ACTS, About, Principal, Scope, Touched, may, may_touch, reach

_ME, _OTHER = 7, 8


def test_every_command_and_every_button_is_in_the_table() -> None:
    acts = {act for act, _ in handlers.COMMANDS.values()} | set(handlers.ACTS)

    assert acts <= ACTS.keys()


@pytest.mark.parametrize("role", Role)
def test_an_act_that_the_table_does_not_know_is_denied(role: Role) -> None:
    assert not may(role, "ticket.delete_all")
    assert not may(role, "")


@pytest.mark.parametrize("act", ACTS)
def test_no_act_of_the_desk_or_of_marketing_is_a_customers(act: str) -> None:
    """What customers and staff may both do is harmless."""
    roles = ACTS[act].roles.keys()
    if Role.CUSTOMER in roles and roles & set(STAFF_ROLES):
        assert act in {"start", "help", "language", "web.open", "web.file"}


def test_the_table_in_words() -> None:
    assert {role for role in Role if may(role, "ticket.take_over")} == {Role.SUPERVISOR, Role.ADMIN}
    assert {role for role in Role if may(role, "ticket.reply")} == set(DESK_ROLES)
    assert {role for role in Role if may(role, "campaign.new")} == {Role.MARKETER, Role.ADMIN}
    assert {role for role in Role if may(role, "consent.stop")} == {Role.CUSTOMER}


def test_a_role_that_is_none_is_an_error() -> None:
    with pytest.raises(ValueError, match="owner"):
        may("owner", "help")


def ticket(**facts: object) -> Touched:
    return Touched(**{"customer_id": 1, **facts})  # type: ignore[arg-type]


_WAITS = ticket()
_WAITS_FOR_TEA = ticket(team="tea")
_MINE = ticket(assignee_id=_ME, assignee_team="coffee")
_TEAMMATES = ticket(assignee_id=_OTHER, assignee_team="coffee")
_TEAMS = ticket(team="coffee", assignee_id=_OTHER, assignee_team="tea")
_OTHERS = ticket(assignee_id=_OTHER, assignee_team="tea")
_ALONE = ticket(assignee_id=_OTHER)  # a colleague without a team


@pytest.mark.parametrize(
    ("sees", "seen"),
    [
        (Scope.QUEUE, [_WAITS, _MINE]),
        (Scope.TEAM, [_WAITS, _MINE, _TEAMMATES, _TEAMS]),
        (Scope.ALL, [_WAITS, _WAITS_FOR_TEA, _MINE, _TEAMMATES, _TEAMS, _OTHERS, _ALONE]),
    ],
)
def test_an_agent_sees_as_far_as_the_shop_lets_them(sees: Scope, seen: list[Touched]) -> None:
    wei = Principal(role=Role.AGENT, id=_ME, team="coffee", sees=sees)
    everything = (_WAITS, _WAITS_FOR_TEA, _MINE, _TEAMMATES, _TEAMS, _OTHERS, _ALONE)

    assert [one for one in everything if may_touch(wei, "ticket.history", one)] == seen


def test_who_has_no_team_is_no_teammate_of_others_without_one() -> None:
    wei = Principal(role=Role.AGENT, id=_ME, sees=Scope.TEAM)

    assert not may_touch(wei, "ticket.history", _ALONE)


def test_what_agents_see_narrows_nobody_else() -> None:
    boss = Principal(role=Role.SUPERVISOR, id=_ME, sees=Scope.OWN)

    assert may_touch(boss, "ticket.history", _OTHERS)


@pytest.mark.parametrize("act", ["ticket.reply", "ticket.resolve", "ticket.hand_on"])
@pytest.mark.parametrize("role", DESK_ROLES)
def test_nobody_speaks_for_a_ticket_that_somebody_else_has(act: str, role: Role) -> None:
    me = Principal(role=role, id=_ME, team="tea")

    assert may_touch(me, act, _MINE)
    assert not may_touch(me, act, _OTHERS)


def test_an_agent_claims_from_their_own_queue_and_a_supervisor_from_any() -> None:
    wei, boss = Principal(role=Role.AGENT, id=_ME, team="coffee"), Principal(role=Role.SUPERVISOR, id=_ME)

    assert may_touch(wei, "ticket.claim", _WAITS)
    assert not may_touch(wei, "ticket.claim", _WAITS_FOR_TEA)
    assert may_touch(boss, "ticket.claim", _WAITS_FOR_TEA)


def test_a_customer_rates_their_own_ticket_only() -> None:
    ana = Principal(role=Role.CUSTOMER, id=1)

    assert may_touch(ana, "ticket.rate", _MINE)
    assert not may_touch(ana, "ticket.rate", ticket(customer_id=2))


@pytest.mark.parametrize("act", ACTS)
def test_customers_reach_what_is_their_own_and_marketers_no_customer_at_all(act: str) -> None:
    rule = ACTS[act]

    assert rule.roles.get(Role.CUSTOMER, Scope.OWN) is Scope.OWN
    assert Role.MARKETER not in rule.roles or rule.about is About.NOTHING


@given(st.sampled_from(Role), st.sampled_from(sorted(ACTS)), st.sampled_from(Scope), st.sampled_from(Scope))
def test_seeing_more_never_takes_anything_away(role: Role, act: str, less: Scope, more: Scope) -> None:
    if less > more:
        less, more = more, less
    for one in (_WAITS, _WAITS_FOR_TEA, _MINE, _TEAMMATES, _TEAMS, _OTHERS, _ALONE):
        little = Principal(role=role, id=_ME, team="coffee", sees=less)
        much = Principal(role=role, id=_ME, team="coffee", sees=more)
        assert not may_touch(little, act, one) or may_touch(much, act, one)


@pytest.mark.parametrize("role", Role)
def test_without_the_act_nothing_is_reached(role: Role) -> None:
    me = Principal(role=role, id=_ME)

    assert reach(me, "ticket.delete_all") is None
    assert not may_touch(me, "ticket.delete_all", _MINE)
