"""Saboteurs of access: whose ticket it is, what nobody does alone, PINs, and colleagues who leave.

Each is (name, file, old, new, tests), as `tests.sabotage.Saboteur` takes them.
"""

_REACH = ("tests/turns/test_reach.py",)
_MATRIX = ("tests/turns/test_access_matrix.py",)
_WEB = ("tests/web/test_access_matrix.py",)
_APPROVALS = ("tests/turns/test_approvals.py",)
_LEAVING = ("tests/turns/test_leaving.py",)
_FORGERIES = ("tests/turns/test_forgeries.py",)

_WHOSE_BUTTON = (
    "    if row.channel != incoming.channel or row.chat != incoming.chat:\n        return None\n"
    "    if row.conversation_id not in (None, conversation_id):\n        return None\n"
)

ACCESS_SABOTEURS = (
    (
        "show any ticket to any agent",
        "bot/handlers/agent.py",
        ' or not await touching.may_touch_ticket(turn.work, turn.principal, "ticket.history", ticket)',
        "",
        _REACH,
    ),
    (
        "take whoever has no team for a teammate",
        "crm_core/rules/access.py",
        '    return scope >= Scope.TEAM and principal.team != "" and principal.team in teams',
        "    return scope >= Scope.TEAM and principal.team in teams",
        ("tests/unit/test_access.py",),
    ),
    (
        "merge somebody out of reach",
        "bot/handlers/merge.py",
        '    kept = await _seen(turn, await turn.work.session.get(Customer, int(args["kept"])))\n',
        '    kept = await turn.work.session.get(Customer, int(args["kept"]))\n',
        _MATRIX,
    ),
    (
        "open any ticket's thread on the desk page",
        "bot/web/records_house.py",
        ' or not await touching.may_touch_ticket(work, principal, "ticket.history", ticket)',
        "",
        _WEB,
    ),
    (
        "let a revoked colleague's page go on reading",
        "bot/web/sockets.py",
        "self.rhythm.gather_seconds)\n        if not await self.still_welcome():\n",
        "self.rhythm.gather_seconds)\n        if False:\n",
        _WEB,
    ),
    (
        "do what needs a second person at once",
        "bot/dispatch.py",
        "    if access.ACTS[act].step_up:\n",
        "    if False:\n",
        _APPROVALS,
    ),
    (
        "do once more what was agreed to once",
        "crm_core/approvals.py",
        "            Approval.done_at.is_(None),\n",
        "",
        _APPROVALS,
    ),
    (
        "let two colleagues agree to each other's role",
        "crm_core/approvals.py",
        "    return any(_subject(ROLE, one.args) == decider for one in await work.session.scalars(statement))",
        "    return False",
        _APPROVALS,
    ),
    (
        "let who it is about agree",
        "crm_core/approvals.py",
        "        if not access.may_agree(one.role, act) or one.id == _subject(act, args):\n",
        "        if not access.may_agree(one.role, act):\n",
        _APPROVALS,
    ),
    (
        "write the PIN down",
        "bot/handlers/pin.py",
        "    await turn.file(Kind.COMMAND, text=_HIDDEN)\n    if _is_stale",
        "    if _is_stale",
        _APPROVALS,
    ),
    (
        "let PINs be guessed for ever",
        "crm_core/pins.py",
        "    if colleague.pin_failures >= TRIES:\n",
        "    if False:\n",
        _APPROVALS,
    ),
    (
        "take the right PIN while it is locked",
        "bot/handlers/pin.py",
        "    if (locked := _locked(turn)) is not None:\n        return locked\n    right",
        "    colleague.pin_locked_until = None\n    right",
        _APPROVALS,
    ),
    (
        "send a large campaign without asking",
        "bot/handlers/campaign.py",
        '        held=int(answers["count"]) >= turn.shop.broadcast_needs_second_from,\n',
        "        held=False,\n",
        _APPROVALS,
    ),
    (
        "let the last admin go",
        "crm_core/staff.py",
        "    if admins == [colleague.id]:\n",
        "    if False:\n",
        _LEAVING,
    ),
    (
        "leave a ticket with who left",
        "crm_core/tickets.py",
        "    if holder is not None and (holder.revoked_at is not None or holder.role not in DESK_ROLES):\n",
        "    if False:\n",
        _LEAVING,
    ),
    (
        "send on to who was let go",
        "crm_core/staff.py",
        "    await outbox.suppress_for_staff(work, colleague.id)\n",
        "",
        _LEAVING,
    ),
    (
        "take a button from another chat",
        "bot/counter.py",
        _WHOSE_BUTTON,
        "",
        _FORGERIES,
    ),
)
