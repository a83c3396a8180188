"""Saboteurs of relationships and their reports: stages, movements, pictures.

Each is (name, file, old, new, tests), as `tests.sabotage.Saboteur` takes them.
"""

_LIFECYCLE = ("tests/unit/test_lifecycle.py",)
_STAGES = ("tests/turns/test_relationships.py",)

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
        "walk past what an import took in meanwhile",
        "scheduler/jobs/relationships.py",
        "            if await relationships.walk_of(work) is None:",
        "            if False:",
        _STAGES,
    ),
)
