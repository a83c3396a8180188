"""Saboteurs of what the shop knows: articles, learning, matching and the threshold.

Each is (name, file, old, new, tests), as `tests.sabotage.Saboteur` takes them.
"""

_KEPT = ("tests/turns/test_articles_kept.py",)
_LEARNING = ("tests/turns/test_learning.py",)

_KNOWING = (
    (
        "let the files undo what was learnt",
        "crm_core/rules/knowledge.py",
        "    return kept + [one for one in now[name] if one not in said[name] and one not in old]",
        "    return kept",
        _KEPT,
    ),
    (
        "let an unchanged file overwrite the shop's words",
        "crm_core/rules/knowledge.py",
        "        return now[name] if said[name] == before.get(name) else said[name]",
        "        return said[name]",
        _KEPT,
    ),
    (
        "forget what an article said before",
        "crm_core/articles.py",
        "    _write_version(work, row, act, staff_id, work.now)\n",
        "    row.version += 1\n",
        _KEPT,
    ),
    (
        "give customers what is not published",
        "crm_core/articles.py",
        "        Article.state == ArticleState.PUBLISHED,\n",
        "",
        _KEPT,
    ),
    (
        "let colleagues approve what they proposed themselves",
        "crm_core/learning.py",
        "    if second_person and row.proposed_by == staff.id:",
        "    if False:",
        _LEARNING,
    ),
    (
        "seal a proposal under the house key",
        "crm_core/learning.py",
        "    key = await work.key_of(interaction.customer_id)\n",
        "    key = None\n",
        _LEARNING,
    ),
    (
        "let a later verdict overwrite the first",
        "crm_core/learning.py",
        "Judgement.id == judgement_id, Judgement.verdict.is_(None)",
        "Judgement.id == judgement_id",
        _LEARNING,
    ),
    (
        "count a skipped turn as judged",
        "crm_core/learning.py",
        ".where(Judgement.verdict.in_((RIGHT_IS, NONE_IS_RIGHT)))",
        ".where(Judgement.verdict.is_not(None))",
        _LEARNING,
    ),
)

# What only a killed process or a full disk can show: the saboteurs of tests/faults/test_kill_*.py stand here.
_MEASURING = (
    (
        "count the judged turns without the one to come",
        "knowledge_base/calibration.py",
        "math.floor(target * (rows + 1) - 1 + 1e-9)",
        "math.floor(target * rows + 1e-9)",
        ("tests/unit/knowledge/test_calibration.py",),
    ),
    (
        "publish although an example does not hold any more",
        "knowledge_base/replay.py",
        "return bool(self.broken_examples or self.turned_wrong)",
        "return bool(self.turned_wrong)",
        ("tests/unit/knowledge/test_replay.py",),
    ),
    (
        "import the good lines of a file that has bad ones",
        "knowledge_base/importers/__init__.py",
        "    findings.raise_all()\n",
        "",
        ("tests/unit/knowledge/test_importers.py",),
    ),
    (
        "let a spreadsheet run what an export holds",
        "knowledge_base/notation.py",
        "if _FORMULA.match(cell) else cell",
        "if False else cell",
        ("tests/unit/knowledge/test_exporters.py",),
    ),
    (
        "keep what a customer asked in the memory of phrasings",
        "knowledge_base/embedders/remembering.py",
        "if len(texts) > 1:",
        "if texts:",
        ("tests/unit/knowledge/test_embedders.py",),
    ),
    (
        "go on asking a server that keeps failing",
        "knowledge_base/embedders/http.py",
        "stay = OPEN_FOR if self.failures >= FAILURES_TO_OPEN else 0.0",
        "stay = 0.0",
        ("tests/unit/knowledge/test_embedders.py",),
    ),
)

_IN_CHAT = ("tests/turns/test_articles_in_chat.py",)
_JUDGING = ("tests/turns/test_judging.py",)

_TEACHING = (
    (
        "match inside a turn's transaction",
        "bot/counter.py",
        "                turn.found = pending.found",
        "                self._shop.articles.match(turn.text, 'en')\n                turn.found = pending.found",
        ("tests/turns/test_no_matching_inside.py",),
    ),
    (
        "publish without a second word what makes right answers wrong",
        "bot/handlers/articles.py",
        "    if not (turn.found.regression or own):",
        "    if True:",
        _IN_CHAT,
    ),
    (
        "approve without a second word what makes right answers wrong",
        "bot/handlers/learning.py",
        "    if isinstance(turn.found, Replay) and turn.found.regression:",
        "    if False:",
        _IN_CHAT,
    ),
    (
        "draw greetings to be judged",
        "bot/handlers/ask.py",
        "    if match.reason in _SMALL_TALK:\n",
        "    await _draw(turn, match)\n    if match.reason in _SMALL_TALK:\n",
        _JUDGING,
    ),
    (
        "draw answers only",
        "bot/handlers/ask.py",
        "    if shop.chance() >= shop.judge_share:",
        '    if shop.chance() >= shop.judge_share or match.decision != "answer":',
        _JUDGING,
    ),
    (
        "let a colleague read a drawn question unseen",
        "bot/handlers/learning.py",
        '    audit.enter(turn.work, turn.staff.id, "judgement.read", f"interaction:{asked.id}")\n',
        "",
        _JUDGING,
    ),
    (
        "offer any link that stands in an article",
        "bot/handlers/ask.py",
        '    return (\n        parts.scheme in ("http", "https")',
        '    return True or (\n        parts.scheme in ("http", "https")',
        ("tests/turns/test_answers.py",),
    ),
    (
        "tell everybody the metrics",
        "bot/metrics.py",
        "        if not _is_near(request):",
        "        if False:",
        ("tests/turns/test_metrics.py",),
    ),
)
_IN_BOOK = ("tests/unit/knowledge/test_book.py",)
_BOOK = ("tests/turns/test_book.py",)
_TALK = ("tests/unit/knowledge/test_smalltalk.py",)

_SLIPS = ("tests/unit/knowledge/test_slips.py",)

_MATCHING = (
    (
        "hear no homophones",
        "knowledge_base/slips.py",
        "        if not self._worth(left + one):",
        "        if False:",
        _SLIPS,
    ),
    (
        "take every word of one character for a slip",
        "knowledge_base/slips.py",
        "IN_ARTICLES + IN_LEXICON if one in SINGLE_CHARACTER_WORDS else IN_LEXICON",
        "IN_LEXICON",
        _SLIPS,
    ),
    (
        "put a lost character between any two",
        "knowledge_base/slips.py",
        "        if between and stray:",
        "        if between:",
        _SLIPS,
    ),
    (
        "repair words that are right",
        "knowledge_base/typos.py",
        "        if base in self._right:",
        "        if False:",
        _SLIPS,
    ),
    (
        "find a removed wording word for word",
        "knowledge_base/book.py",
        "            self._same.get(self._words[row], set()).discard(position)\n",
        "",
        _IN_BOOK,
    ),
    (
        "be near to a removed wording",
        "knowledge_base/nearness.py",
        "        self._gone.add(position)\n",
        "        self._gone.discard(position)\n",
        ("tests/unit/knowledge/test_nearness.py", *_IN_BOOK),
    ),
    (
        "forget the rows that came later",
        "knowledge_base/nearness.py",
        "        if self._later:\n",
        "        if False:\n",
        ("tests/unit/knowledge/test_nearness.py", *_IN_BOOK),
    ),
    (
        "let a live change wait for the training",
        "bot/articles.py",
        "            for key in changed:\n                self._matcher.replace(found[key])\n",
        "",
        _BOOK,
    ),
    (
        "lose what changed while the matcher was trained",
        "bot/articles.py",
        "            for article in changed:\n                matcher.replace(article)\n",
        "",
        _BOOK,
    ),
    (
        "train with synonyms that are not in force any more",
        "bot/articles.py",
        "        if groups == self._synonyms and len(changed) + len(gone) <= _LIVE_AT_MOST:  #",
        "        if len(changed) + len(gone) <= _LIVE_AT_MOST:  #",
        _BOOK,
    ),
    (
        "train in a thread that keeps the process from leaving",
        "bot/articles.py",
        'name="knowledge", daemon=True',
        'name="knowledge", daemon=False',
        _BOOK,
    ),
    (
        "leave the threshold that was learnt aside",
        "bot/articles.py",
        "            self._matcher.answer_from = self.calibration.threshold\n",
        "            self._matcher.answer_from = self._matcher.answer_from\n",
        _BOOK,
    ),
    (
        "fail a turn when the embedder fails",
        "bot/articles.py",
        "            self.embedder_error = str(error)\n            return\n",
        "            self.embedder_error = str(error)\n            raise\n",
        _BOOK,
    ),
    (
        "answer with an article of the other language",
        "knowledge_base/matcher.py",
        'return self._escalate("other_language", spoken, (elsewhere,))',
        'return Match(Decision.ANSWER, "sure", (elsewhere,), spoken, self.answer_from)',
        ("tests/unit/knowledge/test_crossing.py",),
    ),
    (
        "look elsewhere for what the own language has",
        "knowledge_base/crossing.py",
        "sorted(one for one in found if not exists(one))",
        "sorted(found)",
        ("tests/unit/knowledge/test_crossing.py",),
    ),
    (
        "answer one word as if it were a question",
        "knowledge_base/matcher.py",
        "        if _one_word(tokens):\n",
        "        if False:\n",
        _TALK,
    ),
    (
        "take abuse for a question",
        "knowledge_base/smalltalk.py",
        'members_of("smalltalk", "abuse"))]',
        'members_of("smalltalk"))]',
        _TALK,
    ),
    (
        "hand abuse over to a person",
        "bot/handlers/ask.py",
        '    "smalltalk_abuse": "talk-abuse",\n',
        "",
        ("tests/turns/test_answers.py",),
    ),
    (
        "read a text to its end however long it is",
        "knowledge_base/text.py",
        "LONGEST_TEXT: Final = 4_000",
        "LONGEST_TEXT: Final = 4_000_000",
        ("tests/unit/knowledge/test_text.py",),
    ),
    (
        "repair every word of a long text",
        "knowledge_base/book.py",
        "unknown[:MOST_REPAIRED]",
        "unknown",
        _IN_BOOK,
    ),
    (
        "use a wording before it is approved",
        "crm_core/learning.py",
        "    return await _propose(work, staff_id, interaction, PHRASING,",
        (
            "    await articles.add_phrasing(work, slug, language, wording, staff_id)\n"
            "    return await _propose(work, staff_id, interaction, PHRASING,"
        ),
        _LEARNING,
    ),
    (
        "answer with an article whose time is over",
        "crm_core/articles.py",
        "        or_(Article.valid_until.is_(None), Article.valid_until > work.now),\n",
        "",
        _BOOK,
    ),
)

_COMMANDS = ("tests/cli/test_knowledge.py",)

_ASKED = (
    (
        "ask on the command line without the embedder",
        "bot/commands/knowledge.py",
        "        await shelf.book.understand([(question, language)])\n",
        "",
        _COMMANDS,
    ),
    (
        "check the examples without the embedder",
        "bot/commands/knowledge.py",
        "                await shelf.book.understand([(text, one.language)])\n",
        "",
        _COMMANDS,
    ),
    (
        "say nothing of an embedder that does not answer",
        "bot/articles.py",
        "            self.embedder_error = str(error)\n",
        "",
        _COMMANDS,
    ),
    (
        "show on the command line what customers do not get",
        "bot/commands/knowledge.py",
        "await book.hold(one for one in found if is_current(one, now))",
        "await book.hold(found)",
        _COMMANDS,
    ),
)

_IMPORTED = ("tests/cli/test_import_articles.py",)

_TRIED = (
    (
        "import articles whatever goes wrong with them",
        "bot/importing/articles.py",
        "if trial is not None and trial.warnings and not despite_warnings:",
        "if False:",
        _IMPORTED,
    ),
    (
        "import articles that give wrong answers where a person answered",
        "bot/importing/articles.py",
        "for one in replay.now_wrong if one not in replay.turned_wrong)",
        "for one in ())",
        _IMPORTED,
    ),
    (
        "let an import break the examples of other articles",
        "bot/importing/articles.py",
        " or one in replay.broken_examples\n",
        "\n",
        _IMPORTED,
    ),
    (
        "try an import without what the shop learnt",
        "bot/importing/articles.py",
        "            different.append(draft_from(rows[key]))\n",
        "            different.append(draft)\n",
        _IMPORTED,
    ),
    (
        "quote a judged question without a trace",
        "bot/importing/articles.py",
        '                audit.enter(work, None, "judgement.read", f"interaction:{one}")\n',
        "                pass\n",
        _IMPORTED,
    ),
    (
        "try articles that customers do not get",
        "bot/articles.py",
        "            if is_current(article, self._now()):\n",
        "            if True:\n",
        _IMPORTED,
    ),
)

_TRAINING = (
    (
        "take a training that failed for done",
        "bot/articles.py",
        "            self._trained = False\n",
        "",
        _BOOK,
    ),
    (
        "train again and again without a pause",
        "bot/articles.py",
        "min(_TRAIN_AGAIN * 2**self._failures, _TRAIN_AGAIN_AT_MOST)",
        "0",
        _BOOK,
    ),
    (
        "pause for ever longer between two trainings",
        "bot/articles.py",
        "min(_TRAIN_AGAIN * 2**self._failures, _TRAIN_AGAIN_AT_MOST)",
        "_TRAIN_AGAIN * 2**self._failures",
        _BOOK,
    ),
    (
        "say that training fails since the last time it did",
        "bot/articles.py",
        "self.training_failed_since or self._now()",
        "self._now()",
        _BOOK,
    ),
    (
        "stop learning after a training that failed",
        "bot/articles.py",
        "            return await self.settle()\n        except Exception:",
        "            return await self.settle()\n        except KeyError:",
        _BOOK,
    ),
    (
        "hide a training that failed from monitors",
        "bot/metrics.py",
        "            training_failed_since=app.book.training_failed_since,\n",
        "",
        ("tests/turns/test_metrics.py",),
    ),
    (
        "let the doctor overlook a training that failed",
        "bot/doctor/__init__.py",
        "    findings += await asyncio.to_thread(examine_training, settings)\n",
        "",
        ("tests/cli/test_doctor.py",),
    ),
)

_ARCHIVING = (
    (
        "archive an article without trying what is lost",
        "bot/handlers/articles.py",
        ', "article.archive": look_archive}',
        "}",
        _IN_CHAT,
    ),
    (
        "archive although answers are lost",
        "bot/handlers/articles.py",
        "and (found.regression or found.no_longer_answered):",
        "and found.regression:",
        _IN_CHAT,
    ),
    (
        "archive although another article answers wrongly then",
        "bot/handlers/articles.py",
        "and (found.regression or found.no_longer_answered):",
        "and found.no_longer_answered:",
        _IN_CHAT,
    ),
    (
        "let colleagues read a judged question without a trace",
        "bot/handlers/publishing.py",
        '        audit.enter(turn.work, turn.staff.id, "judgement.read", f"interaction:{one}")\n',
        "        pass\n",
        _IN_CHAT,
    ),
)

KNOWLEDGE_SABOTEURS: tuple[tuple[str, str, str, str, tuple[str, ...]], ...] = (
    *_KNOWING,
    *_MEASURING,
    *_TEACHING,
    *_MATCHING,
    *_ASKED,
    *_TRIED,
    *_TRAINING,
    *_ARCHIVING,
)
