"""Saboteurs of segments: the language, what it finds, who is shown, and the scores.

Each is (name, file, old, new, tests), as `tests.sabotage.Saboteur` takes them.
"""

_LANGUAGE = ("tests/unit/test_segments_language.py",)
_PEOPLE = ("tests/unit/test_segments_people.py",)
_CHAT = ("tests/turns/test_segments.py",)
_AUDIENCE = ("tests/turns/test_campaign_dialogue.py",)
_SCORES = ("tests/turns/test_scores.py",)

_READING = (
    (
        "count what was bought at any time as bought lately",
        "crm_core/segments/fields.py",
        "        people = people.where(_is(Order.placed_at, asked.within))\n",
        "        pass\n",
        _PEOPLE,
    ),
    (
        "forget the days of what somebody did not buy",
        "crm_core/segments/compiler.py",
        "Condition(field, Op.IS if op is Op.NOT else Op.KNOWN, value, within)",
        "Condition(field, Op.IS if op is Op.NOT else Op.KNOWN, value)",
        _PEOPLE,
    ),
    (
        "let segments ask for personal attributes",
        "crm_core/segments/parser.py",
        "        if found.personal:\n",
        "        if False:\n",
        _LANGUAGE,
    ),
    (
        "let segments ask for themselves",
        "crm_core/segments/parser.py",
        "        if name in self._within:\n",
        "        if False:\n",
        _LANGUAGE,
    ),
    (
        "point at the beginning whatever is wrong",
        "crm_core/segments/parser.py",
        "        raise SegmentError(key, token.place, (token.written",
        "        raise SegmentError(key, 0, (token.written",
        _LANGUAGE,
    ),
    (
        "take any number of conditions",
        "crm_core/segments/parser.py",
        "        if self._conditions[0] > MOST_CONDITIONS:\n",
        "        if False:\n",
        _LANGUAGE,
    ),
)

_FINDING = (
    (
        "take less than 30 days ago for long ago",
        "crm_core/segments/compiler.py",
        "            Op.LESS: (edge + _DAY, today + _DAY),",
        "            Op.LESS: (None, edge),",
        _PEOPLE,
    ),
    (
        "leave those without a company out of what they are not",
        "crm_core/segments/fields.py",
        "    return and_(column.is_not(None), _is(column, asked))\n",
        "    return _is(column, asked)\n",
        _PEOPLE,
    ),
    (
        "begin days where it is midnight in Greenwich",
        "crm_core/segments/compiler.py",
        "datetime.combine(day, time(), ZoneInfo(zone))",
        "datetime.combine(day, time(), UTC)",
        _CHAT,
    ),
    (
        "count orders that came back",
        "crm_core/segments/fields.py",
        "_BOUGHT: Final = and_(*(Order.state != one for one in NOT_BOUGHT))",
        '_BOUGHT: Final = and_(Order.state != "")',
        _PEOPLE,
    ),
    (
        "count money that was given back",
        "crm_core/segments/fields.py",
        "func.sum(Order.total_minor - back)",
        "func.sum(Order.total_minor)",
        _PEOPLE,
    ),
    (
        "let the first word on marketing count",
        "crm_core/segments/fields.py",
        "        .order_by(Consent.id.desc())\n",
        "        .order_by(Consent.id)\n",
        _PEOPLE,
    ),
    (
        "find those who were erased",
        "crm_core/saved_segments.py",
        " & Customer.key.is_not(None) & ",
        " & ",
        _CHAT,
    ),
)

_USING = (
    (
        "show names to whoever tries a segment",
        "bot/handlers/segments.py",
        '    named = access.may(turn.role, "segment.names")\n    lines',
        "    named = True\n    lines",
        _CHAT,
    ),
    (
        "look at a sample unseen",
        "bot/handlers/segments.py",
        '        audit.enter(turn.work, turn.staff.id, "segment.sample", subject,',
        "        dict(",
        _CHAT,
    ),
    (
        "delete a segment that another one needs",
        "crm_core/saved_segments.py",
        "        if name in segments.segments_in(other.text):\n",
        "        if False:\n",
        _CHAT,
    ),
    (
        "delete a segment that a campaign needs",
        "crm_core/saved_segments.py",
        "        if name in segments.segments_in(campaign.audience):\n",
        "        if False:\n",
        ("tests/cli/test_segment.py",),
    ),
    (
        "send a campaign to everybody",
        "crm_core/campaigns.py",
        "    return segments.compile(tree, work.now, zone) & ",
        "    return ",
        _AUDIENCE,
    ),
    (
        "go on with a campaign whose audience is gone",
        "crm_core/campaigns.py",
        "    campaign.state = CampaignState.PAUSED\n    campaign.reason = _BAD_AUDIENCE\n",
        "",
        _AUDIENCE,
    ),
)

_SCORING = (
    (
        "score money that was given back",
        "crm_core/scores.py",
        "score_of(main.value_minor, ",
        "score_of(main.ordered_minor, ",
        _SCORES,
    ),
    (
        "score everybody anew after a restart",
        "scheduler/jobs/scores.py",
        "    if walk is None or walk.night != night:\n",
        "    if True:\n",
        _SCORES,
    ),
    (
        "keep the scores of who counts no more",
        "scheduler/jobs/scores.py",
        "    while await _forget(records, walk, context.zone):\n        pass\n",
        "",
        _SCORES,
    ),
)

SEGMENT_SABOTEURS = (*_READING, *_FINDING, *_USING, *_SCORING)
