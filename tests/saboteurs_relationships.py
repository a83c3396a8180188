"""Saboteurs of relationships and their reports: stages, movements, pictures.

Each is (name, file, old, new, tests), as `tests.sabotage.Saboteur` takes them.
"""

_LIFECYCLE = ("tests/unit/test_lifecycle.py",)
_STAGES = ("tests/turns/test_relationships.py",)
_REPORTS = ("tests/turns/test_relationship_reports.py",)
_PICTURES = ("tests/turns/test_report_pictures.py",)

RELATIONSHIP_SABOTEURS = (
    (
        "let a small change of the shop's interval move customers back",
        "crm_core/rules/lifecycle.py",
        "_SLACK = 0.8",
        "_SLACK = 1.0",
        _LIFECYCLE,
    ),
    (
        "call somebody lost who has just written",
        "crm_core/rules/lifecycle.py",
        "    if quiet > lost and not _in_touch(history, rules, now):",
        "    if quiet > lost:",
        _LIFECYCLE,
    ),
    (
        "count cancelled orders",
        "crm_core/relationships.py",
        ".where(Order.customer_id.in_(ids), Order.state.not_in(NOT_BOUGHT))",
        ".where(Order.customer_id.in_(ids))",
        _STAGES,
    ),
    (
        "move a stage and write down no reason",
        "crm_core/relationships.py",
        "    await work.session.execute(insert(StageChange), rows)\n",
        "",
        _STAGES,
    ),
    (
        "move who was merged away",
        "crm_core/relationships.py",
        "Customer.id.in_(list(customer_ids)), Customer.key.is_not(None), Customer.merged_into.is_(None)",
        "Customer.id.in_(list(customer_ids)), Customer.key.is_not(None)",
        _STAGES,
    ),
    (
        "let the stage of a merged person wait for the night",
        "crm_core/merging.py",
        "    await relationships.reckon(work, [kept.id], lifecycle)\n",
        "",
        _STAGES,
    ),
    (
        "leave a stage that was another's when a merge is undone",
        "crm_core/unmerging.py",
        "    await relationships.reckon(work, [kept.id, other.id], lifecycle)\n",
        "",
        _STAGES,
    ),
    (
        "walk past what an import took in meanwhile",
        "scheduler/jobs/relationships.py",
        "            if await relationships.walk_of(work) is None:",
        "            if False:",
        _STAGES,
    ),
    (
        "report everybody when a part was asked for",
        "crm_core/reports/base.py",
        "    return true() if people is None else column.in_(people)",
        "    return true()",
        _REPORTS,
    ),
    (
        "call everything rising when the whole shop grows",
        "crm_core/reports/needs.py",
        "    growth = total / total_before",
        "    growth = 1.0",
        _REPORTS,
    ),
    (
        "count who was merged away",
        "crm_core/reports/base.py",
        "    return and_(Customer.key.is_not(None), Customer.merged_into.is_(None))",
        "    return Customer.key.is_not(None)",
        _REPORTS,
    ),
    (
        "let agents read what customers spent",
        "crm_core/rules/access.py",
        '    "report.relationships": Rule({**_SUPERVISING, **_MARKETING}),',
        '    "report.relationships": Rule(_STAFF),',
        _PICTURES,
    ),
    (
        "look at who is at risk and leave no trace",
        "bot/handlers/report.py",
        "    enter_look(turn.work, turn.staff.id, REPORTS[wanted.name], made.report)\n",
        "",
        _PICTURES,
    ),
    (
        "print who is at risk and leave no trace",
        "bot/commands/reports.py",
        "                enter_look(work, None, kind, found)\n",
        "                pass\n",
        ("tests/cli/test_report.py",),
    ),
    (
        "keep pictures of reports for ever",
        "crm_core/files.py",
        "StoredFile.created_at < work.now - _MADE_STAYS",
        "StoredFile.created_at < work.now - 9 * _MADE_STAYS",
        _PICTURES,
    ),
    (
        "clean away what customers uploaded",
        "crm_core/files.py",
        "StoredFile.kind == MADE, StoredFile.created_at",
        "StoredFile.kind != '', StoredFile.created_at",
        _PICTURES,
    ),
)
