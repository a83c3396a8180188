"""Saboteurs of who is who: links, logins, merging and taking apart.

Each is (name, file, old, new, tests), as `tests.sabotage.Saboteur` takes them.
"""

_MERGING = ("tests/turns/test_merging.py",)
_CONTINUING = ("tests/turns/test_continuing.py",)
_LOGINS = ("tests/web/test_logins.py",)

IDENTITY_SABOTEURS = (
    (
        "let a yes win over a no when records are merged",
        "crm_core/rules/merging.py",
        "    if kept is False or other is False:\n        return False\n",
        "",
        _MERGING,
    ),
    (
        "leave the tickets behind when records are merged",
        "crm_core/merging.py",
        "_CHANGING_HANDS = (Identity, Conversation, Ticket, Order)",
        "_CHANGING_HANDS = (Identity, Conversation, Order)",
        _MERGING,
    ),
    (
        "send a campaign twice to who was on record twice",
        "crm_core/merging.py",
        "        if what in counts and waits:\n",
        "        if False:\n",
        _MERGING,
    ),
    (
        "forget what was copied when a merge is undone",
        "crm_core/unmerging.py",
        "            await work.session.delete(copy)\n",
        "            pass\n",
        _MERGING,
    ),
    (
        "keep an opt-out with the wrong one when a merge is undone",
        "crm_core/unmerging.py",
        "        if one.at in theirs:\n            one.customer_id = other.id\n    # A no",
        "        pass\n    # A no",
        _MERGING,
    ),
    (
        "undo a merge that another builds on",
        "crm_core/unmerging.py",
        "    if await work.session.scalar(later.limit(1)) is not None:\n",
        "    if False:\n",
        _MERGING,
    ),
    (
        "merge in a circle",
        "crm_core/merging.py",
        "        if one.merged_into is not None:\n",
        "        if False:\n",
        _MERGING,
    ),
    (
        "let a link work for ever",
        "crm_core/identities.py",
        "LINK_TERM: Final = timedelta(minutes=30)",
        "LINK_TERM: Final = timedelta(days=30)",
        _CONTINUING,
    ),
    (
        "let a link work twice",
        "crm_core/identities.py",
        ".values(used_at=work.now, used_by=identity.id)",
        ".values(used_by=identity.id)",
        _CONTINUING,
    ),
    (
        "join somebody with a past without asking",
        "bot/handlers/link.py",
        "    if link is not None and await _has_something(turn.work, turn.customer):\n",
        "    if False:\n",
        _CONTINUING,
    ),
    (
        "keep speaking for a record that was merged in this very batch",
        "bot/counter.py",
        "customer=await _customer_by_now(work, known),",
        "customer=known.customer,",
        _CONTINUING,
    ),
    (
        "take a shared contact of anybody for one's own",
        "bot/channels/telegram/decoding.py",
        '    if contact.user_id is None or contact.user_id != sender.id:\n        return ""\n',
        "",
        ("tests/contracts/test_telegram_decoding.py",),
    ),
    (
        "take a login twice",
        "crm_core/identities.py",
        "    await _use_up(work, login)\n",
        "",
        _LOGINS,
    ),
    (
        "take a login under any algorithm",
        "bot/logins.py",
        "algorithms=[_ALGORITHM],",
        'algorithms=[_ALGORITHM, "HS512", "none"],',
        _LOGINS,
    ),
    (
        "take a login of an hour ago",
        "bot/logins.py",
        "        if not now - SKEW < expires_at <= now + LONGEST_LIFE + SKEW:\n",
        "        if not expires_at <= now + LONGEST_LIFE + SKEW:\n",
        _LOGINS,
    ),
    (
        "let a second person at a browser be the first",
        "crm_core/identities.py",
        "    if mine is not None and await _is_somebody(work, mine, login.reference):\n",
        "    if False:\n",
        _LOGINS,
    ),
    (
        "merge on the command line before anybody said yes",
        "bot/commands/customers.py",
        '        ask(f"Make #{other} part of #{keep}?")\n',
        "        pass\n",
        ("tests/cli/test_merge.py",),
    ),
)
