"""Saboteurs of orders: whose they are, where they stand, and the money in them.

Each is (name, file, old, new, tests), as `tests.sabotage.Saboteur` takes them.
"""

_ASKED = ("tests/turns/test_orders_asked.py",)
_RECORD = ("tests/turns/test_orders_on_record.py",)
_APART = ("tests/turns/test_orders_apart.py",)
_RULES = ("tests/unit/test_order_rules.py",)
_QUESTIONS = ("tests/unit/test_order_questions.py",)
_COMMANDS = ("tests/cli/test_order.py",)

_SHOWN = (
    (
        "show their customer's orders to whoever sits at a browser",
        "crm_core/rules/orders.py",
        '    return proof is not None or channel.startswith("telegram:")',
        "    return True",
        _ASKED,
    ),
    (
        "show an order for any address",
        "crm_core/orders.py",
        "            Contact.blind.in_(blinds),\n",
        "",
        _ASKED,
    ),
    (
        "show an order that is kept apart for any address",
        "crm_core/orders_apart.py",
        "        statement = statement.where(OrderApart.email_blind == ",
        "        statement = statement.where(OrderApart.email_blind != ",
        _ASKED,
    ),
    (
        "show an erased customer's order",
        "crm_core/orders.py",
        "            Customer.key.is_not(None),\n",
        "",
        _ASKED,
    ),
    (
        "let addresses be tried without end",
        "bot/handlers/orders.py",
        "    (await turn.file()).reason = _mark(turn, claim.number)\n",
        "    await turn.file()\n",
        _ASKED,
    ),
    (
        "let every fresh visitor try addresses of the same order",
        "bot/handlers/orders.py",
        "    return (await turn.work.session.scalar(at_it) or 0) >= _TRIES_AT_ONE\n",
        "    return False\n",
        _ASKED,
    ),
    (
        "keep somebody in the order dialogue who asks something else",
        "bot/handlers/orders.py",
        "    await _end(turn)\n    return None\n",
        '    return [turn.reply("orders-unproven")]\n',
        _ASKED,
    ),
    (
        "show colleagues an order without a trace",
        "bot/handlers/orders.py",
        '        audit.enter(turn.work, turn.staff.id, "order.show", '
        + 'f"customer:{customer.id}", order=str(one.order.id))\n',
        "",
        _ASKED,
    ),
    (
        "take every number for an order's",
        "crm_core/rules/order_questions.py",
        'if one["hash"] or _is_named(one)',
        "if True",
        _QUESTIONS,
    ),
    (
        "look an order up for who wants it cancelled",
        "crm_core/rules/order_questions.py",
        " or _SOMETHING_ELSE.search(plain)",
        "",
        _QUESTIONS,
    ),
)

_KEPT = (
    (
        "let an older state win",
        "crm_core/rules/orders.py",
        "    newest = max(happened",
        "    newest = min(happened",
        _RULES,
    ),
    (
        "write a state down again",
        "crm_core/orders.py",
        "    return [one for one in dict.fromkeys(said) if one not in had]",
        "    return said",
        _RECORD,
    ),
    (
        "give back more than was paid",
        "crm_core/rules/orders.py",
        "amount_minor > left",
        "amount_minor > paid_minor",
        _RULES,
    ),
    (
        "count a payment twice",
        "crm_core/orders.py",
        "        if one.external_ref in seen:\n",
        "        if one.external_ref in seen and one.amount_minor != seen[one.external_ref][1]:\n",
        _RECORD,
    ),
    (
        "round what a currency cannot have",
        "crm_core/rules/orders.py",
        " or minor % 1:",
        ":",
        _RULES,
    ),
    (
        "count cancelled orders as bought",
        "crm_core/orders.py",
        "    bought = (Order.customer_id.in_(customer_ids), Order.state.not_in(NOT_BOUGHT))",
        "    bought = (Order.customer_id.in_(customer_ids),)",
        _RECORD,
    ),
    (
        "write orders to an erased customer",
        "crm_core/orders.py",
        "                elif erased:\n",
        "                elif False:\n",
        _RECORD,
    ),
    (
        "keep strangers' orders in clear",
        "crm_core/orders_apart.py",
        'work.vault.seal(body, f"order_apart.body:{row_id}", None)',
        "body.encode()",
        _APART,
    ),
    (
        "forget the shop's own number of whose a kept order is",
        "crm_core/orders_apart.py",
        '        reference=found.get("reference", ""),\n',
        "",
        _APART,
    ),
    (
        "list strangers' orders without a trace",
        "bot/commands/orders.py",
        '        audit.enter(work, None, "order.list_apart", "orders", count=len(found))\n',
        "",
        _COMMANDS,
    ),
)

ORDER_SABOTEURS: tuple[tuple[str, str, str, str, tuple[str, ...]], ...] = (*_SHOWN, *_KEPT)
