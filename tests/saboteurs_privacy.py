"""Saboteurs of people's rights: erasing, tombstones, exports, consent and terms.

Each is (name, file, old, new, tests), as `tests.sabotage.Saboteur` takes them.
"""

_ERASING = "tests/turns/test_erasing.py"
_CONSENT = ("tests/turns/test_consent.py", "tests/unit/test_consent_rules.py")
_RETENTION = ("tests/turns/test_retention.py",)

PRIVACY_SABOTEURS: tuple[tuple[str, str, str, str, tuple[str, ...]], ...] = (
    (
        "keep the key of somebody to be erased until all else is done",
        "crm_core/erasing.py",
        "        customer.key = None\n",
        "        pass\n",
        (f"{_ERASING}::test_an_erasure_waits_for_what_is_under_way_to_the_person",),
    ),
    (
        "erase without a tombstone",
        "crm_core/erasing.py",
        "    tombstones.add(work.vault, whole.ids, work.now)\n",
        "",
        (f"{_ERASING}::test_being_erased_twice_changes_nothing_more",),
    ),
    (
        "let a restored database bring erased people back",
        "crm_core/erasing.py",
        "        back = await returned(work, stones)\n",
        "        back: list[int] = []\n",
        (f"{_ERASING}::test_an_older_database_does_not_bring_anybody_back",),
    ),
    (
        "believe a file of tombstones that was changed",
        "crm_core/tombstones.py",
        "        if mac != _mac(vault, last, words):\n",
        "        if False:\n",
        (f"{_ERASING}::test_a_changed_file_of_tombstones_is_refused",),
    ),
    (
        "leave what was said to staff about an erased person",
        "bot/counter.py",
        "        conversations.name_people(turn.work, turn.work.told[told:], named | turn.named)\n",
        "",
        (f"{_ERASING}::test_what_staff_were_told_of_somebody_is_emptied_with_them",),
    ),
    (
        "leave erased words in the write-ahead log",
        "crm_core/erasing.py",
        "    if not await records.database.empty_log():\n        return False\n",
        "",
        (f"{_ERASING}::test_every_table_is_cleared_and_no_word_is_left_in_any_file",),
    ),
    (
        "leave what is deleted in the pages of the database",
        "crm_core/storage/engines.py",
        "PRAGMA secure_delete=ON",
        "PRAGMA secure_delete=OFF",
        (f"{_ERASING}::test_sqlite_overwrites_what_it_deletes",),
    ),
    (
        "clear an address while a request to it is under way",
        "crm_core/erasing.py",
        "    if not await _is_quiet(records, row, whole):\n        return False\n",
        "",
        (f"{_ERASING}::test_an_erasure_waits_for_what_is_under_way_to_the_person",),
    ),
    (
        "merge somebody who is to be erased",
        "crm_core/merging.py",
        "        if one.key is None or await is_to_be_erased(work, one):\n",
        "        if one.key is None:\n",
        (f"{_ERASING}::test_a_merge_is_refused_from_the_moment_somebody_asked",),
    ),
    (
        "let an import bring an erased person back",
        "crm_core/proofs.py",
        "    if reference in found.erased:\n",
        "    if False:\n",
        (f"{_ERASING}::test_an_import_does_not_bring_an_erased_person_back",),
    ),
    (
        "unblock whoever has themselves erased",
        "crm_core/customers.py",
        "    identity.blocked_at = await work.session.scalar(before)",
        "    await work.session.scalar(before)",
        (f"{_ERASING}::test_nobody_unblocks_themselves_by_being_erased",),
    ),
    (
        "leave a table out of an export",
        "crm_core/personal.py",
        "    Part(table=CustomerNote, theirs=_own(CustomerNote.customer_id), fate=Fate.DELETED, exported=True),\n",
        "    Part(table=CustomerNote, theirs=_own(CustomerNote.customer_id), fate=Fate.DELETED),\n",
        (f"{_ERASING}::test_an_export_holds_every_word_of_a_person",),
    ),
    (
        "let a yes on one channel count for another",
        "crm_core/rules/consent.py",
        "    return EVERYWHERE in agreed or (channel is not None and channel in agreed)\n",
        "    return bool(agreed)\n",
        _CONSENT,
    ),
    (
        "let a yes outlive a no",
        "crm_core/rules/consent.py",
        "            counts.clear()\n",
        "            pass\n",
        _CONSENT,
    ),
    (
        "keep a consent without the words it was given to",
        "bot/handlers/consent.py",
        "        text_digest=await consents.text_of(turn.work, turn.language, words),\n",
        "",
        _CONSENT,
    ),
    (
        "let go of words a month early",
        "crm_core/rules/retention.py",
        "    return timedelta(days=ceil(count * _MONTH)) if count else None\n",
        "    return timedelta(days=ceil((count - 1) * _MONTH)) if count else None\n",
        ("tests/cli/test_rights.py",),
    ),
    (
        "keep words for good",
        "crm_core/retention.py",
        '        await _empty(work, Interaction, ids, body=b"")\n',
        "        pass\n",
        _RETENTION,
    ),
    (
        "leave the bytes of files whose time is over",
        "crm_core/retention.py",
        "            store.destroy(ids)",
        "            pass",
        _RETENTION,
    ),
)
