"""Saboteurs of the audit log: its chain, its anchors, the triggers that keep it, and the looks that it holds.

Each is (name, file, old, new, tests), as `tests.sabotage.Saboteur` takes them.
"""

_CHAIN = ("tests/turns/test_audit_chain.py",)
_TRIGGERS = ("tests/turns/test_audit_triggers.py",)
_KEEPER = ("tests/turns/test_audit_keeper.py",)
_LOOKS = ("tests/turns/test_audit_looks.py",)
_COMMANDS = ("tests/cli/test_audit.py",)
_DESK = ("tests/web/test_looks.py",)

AUDIT_SABOTEURS: tuple[tuple[str, str, str, str, tuple[str, ...]], ...] = (
    (
        "audit: let young entries be removed",
        "crm_core/storage/triggers.py",
        "_KEPT = KEPT_DAYS * 86_400",
        "_KEPT = 0",
        _TRIGGERS,
    ),
    (
        "audit: let links be changed",
        "crm_core/storage/triggers.py",
        'APPEND_ONLY = ("audit_entry", "audit_link", ',
        'APPEND_ONLY = ("audit_entry", ',
        _TRIGGERS,
    ),
    (
        "audit: let REPLACE put another row in place",
        "crm_core/storage/triggers.py",
        '    if dialect == "sqlite":\n        yield from',
        '    if dialect == "none":\n        yield from',
        _TRIGGERS,
    ),
    (
        "audit: leave triggers out after an upgrade",
        "crm_core/storage/migrations/__init__.py",
        "    triggers.create(connection)\n",
        "",
        _TRIGGERS,
    ),
    (
        "audit: hash an entry without its detail",
        "crm_core/rules/chaining.py",
        "act, subject, detail, at)",
        "act, subject, at)",
        _CHAIN,
    ),
    (
        "audit: hash the parts of an entry as one",
        "crm_core/rules/chaining.py",
        'b"%d:%b" % (len(said), said)',
        "said",
        _CHAIN,
    ),
    (
        "audit: believe a link whatever its hash",
        "crm_core/audit_check.py",
        "    if link.hash != hash_of_link(before, seq, link.entry_id, link.entry_hash, link.at):\n",
        "    if False:\n",
        _CHAIN,
    ),
    (
        "audit: believe an entry whatever its hash",
        "crm_core/audit_check.py",
        "    if entry is not None and hash_of_entry(*entry) != link.entry_hash:\n",
        "    if False:\n",
        _CHAIN,
    ),
    (
        "audit: take a missing entry for one whose time is over",
        "crm_core/audit_check.py",
        "    if entry is None and link.at >= expired_before:\n",
        "    if False:\n",
        _CHAIN,
    ),
    (
        "audit: believe that young entries were removed in time",
        "crm_core/audit_check.py",
        " and at - before >= audit.SHORTEST_TERM",
        "",
        _CHAIN,
    ),
    (
        "audit: take an entry with an early date for an old one",
        "crm_core/audit_check.py",
        "    if entry is not None and entry[5] < anchored_at:\n",
        "    if False:\n",
        _CHAIN,
    ),
    (
        "audit: overlook an anchor that says otherwise",
        "crm_core/audit_check.py",
        "            if one.hash != hashed:\n",
        "            if False:\n",
        _COMMANDS,
    ),
    (
        "audit: overlook an anchor past the end",
        "crm_core/audit_check.py",
        "    if ahead.rest:\n",
        "    if False:\n",
        _COMMANDS,
    ),
    (
        "audit: never look for what waited long",
        "crm_core/audit_chain.py",
        "    first = after + 1 if whole else max(",
        "    first = max(",
        _CHAIN,
    ),
    (
        "audit: write on where a line was cut off",
        "crm_core/audit_chain.py",
        '        file.write(b"\\n" if cut_off else b"")\n',
        "",
        _CHAIN,
    ),
    (
        "audit: leave without a last anchor",
        "bot/audit_keeper.py",
        "                await self.anchor()\n",
        "                pass\n",
        _KEEPER,
    ),
    (
        "audit: tell the admins an anchor again after a restart",
        "bot/audit_keeper.py",
        "            elif told.value != today.isoformat():\n",
        "            else:\n",
        _KEEPER,
    ),
    (
        "audit: leave it to others to link what a command entered",
        "bot/commands/options.py",
        "        await audit_chain.link_all(records)\n",
        "",
        _COMMANDS,
    ),
    (
        "audit: enter a look once for ever",
        "crm_core/audit.py",
        "        AuditEntry.at > since,\n",
        "",
        _LOOKS,
    ),
    (
        "audit: enter one colleague's look for all",
        "crm_core/audit.py",
        "        AuditEntry.staff_id.is_(None) if staff_id is None else AuditEntry.staff_id == staff_id,\n",
        "",
        _LOOKS,
    ),
    (
        "audit: hand a file out without a trace",
        "bot/web/records_house.py",
        "        if isinstance(viewer, Staff) and interaction.customer_id is not None:\n",
        "        if False:\n",
        _DESK,
    ),
)
