"""Saboteurs of the customer's record: its card, its changes, its timeline, and how people are found.

Each is (name, file, old, new, tests), as `tests.sabotage.Saboteur` takes them.
"""

_ON_RECORD = ("tests/turns/test_record.py",)
_FINDING = ("tests/turns/test_finding.py",)
_TIMELINE = ("tests/turns/test_timeline.py",)
_IN_CHAT = ("tests/turns/test_customer_in_chat.py",)

RECORD_SABOTEURS: tuple[tuple[str, str, str, str, tuple[str, ...]], ...] = (
    (
        "keep a personal attribute in clear",
        "crm_core/attributes.py",
        "    if attribute.personal:\n",
        "    if False:\n",
        _ON_RECORD,
    ),
    (
        "change the record without writing it down",
        "crm_core/record.py",
        "    if before != after:\n",
        "    if False:\n",
        _ON_RECORD,
    ),
    (
        "write on the record of who was erased",
        "crm_core/record.py",
        "    if customer.key is None:\n",
        "    if False:\n",
        _ON_RECORD,
    ),
    (
        "find who is renamed by the old name",
        "crm_core/record.py",
        ", name or None, by)\n    await customers.index_names(work, customer)\n",
        ", name or None, by)\n",
        _ON_RECORD,
    ),
    (
        "leave the blind index of a changed contact as it was",
        "crm_core/record.py",
        "    row.blind = contacts.blind_of(work, kind, value, country)\n",
        "",
        _ON_RECORD,
    ),
    (
        "count a changed contact as verified",
        "crm_core/record.py",
        "    row.verified_at = None\n",
        "",
        _ON_RECORD,
    ),
    (
        "touch the contact of somebody else",
        "crm_core/record.py",
        "    if row is None or row.customer_id != customer.id:\n",
        "    if row is None:\n",
        _ON_RECORD,
    ),
    (
        "let a kind change below the values that are there",
        "crm_core/attributes.py",
        " and await _in_use(work, known):",
        " and False:",
        _ON_RECORD,
    ),
    (
        "find who was erased",
        "crm_core/finding.py",
        "        if customer.key is not None:\n",
        "        if customer is not None:\n",
        _FINDING,
    ),
    (
        "find who has one of the words only",
        "crm_core/finding.py",
        "    for token in tokens[1:]:\n",
        "    for token in tokens[:0]:\n",
        _FINDING,
    ),
    (
        "leave who was merged away where they were",
        "crm_core/finding.py",
        "            customer = known[customer.merged_into]\n",
        "            break\n",
        _FINDING,
    ),
    (
        "show things of the same moment on two pages",
        "crm_core/timeline.py",
        "columns.id < row_id",
        "columns.id <= row_id",
        _TIMELINE,
    ),
    (
        "forget on the timeline what was merged in",
        "crm_core/timeline.py",
        "        found += fresh\n",
        "        found += []\n",
        _TIMELINE,
    ),
    (
        "show phone numbers at a mere look",
        "bot/portrait.py",
        "    value = one.value if revealed else masked(one.kind, one.value)\n",
        "    value = one.value\n",
        _IN_CHAT,
    ),
    (
        "show phone numbers on the timeline",
        "bot/portrait.py",
        "        return masked(kind, value)\n",
        "        return value\n",
        _IN_CHAT,
    ),
    (
        "look at a record without a trace",
        "bot/handlers/customer.py",
        '    audit.enter(turn.work, turn.staff.id, act, f"customer:{customer.number or customer.id}")\n',
        "",
        _IN_CHAT,
    ),
    (
        "let marketers see records",
        "crm_core/rules/access.py",
        '    "customer.show": Rule(_DESK, About.CUSTOMER),\n',
        '    "customer.show": Rule(_STAFF, About.CUSTOMER),\n',
        _IN_CHAT,
    ),
    (
        "keep a customer's phone number in the staff's own talk",
        "bot/handlers/customer.py",
        '    await turn.file(Kind.COMMAND, text=f"/customer #{customer.number or customer.id} {edit.field}")\n',
        "",
        _IN_CHAT,
    ),
    (
        "take words as an answer to a question of long ago",
        "bot/handlers/customer.py",
        "    if turn.work.now - dialogue.updated_at > _STALE or customer is None:\n",
        "    if customer is None:\n",
        _IN_CHAT,
    ),
)
