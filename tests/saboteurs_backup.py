"""Saboteurs of backup and restore: what is in it, what is let in, and what leaves afterwards.

Each is (name, file, old, new, tests), as `tests.sabotage.Saboteur` takes them.
"""

_BACKUP = ("tests/cli/test_backup.py",)
_COPY = ("tests/cli/test_copy_database.py",)
_PLACE = ("tests/turns/test_place.py",)
_PAUSED = ("tests/turns/test_sending_paused.py",)

BACKUP_SABOTEURS = (
    (
        "send while sending is paused",
        "crm_core/outbox.py",
        "        ~exists().where(Meta.name == PAUSED),\n",
        "",
        _PAUSED,
    ),
    (
        "send at once after a restore",
        "bot/backups.py",
        '        await session.execute(insert(Meta), [{"name": outbox.PAUSED, "value": "restored"}])\n',
        "",
        _BACKUP,
    ),
    (
        "send what was sent before the machine was lost",
        "bot/backups.py",
        '"value": "restored"}',
        '"value": "restored"}][:0] or [{"name": "restored", "value": "1"}',
        ("tests/faults/test_drill.py",),
    ),
    (
        "take a backup that was changed",
        "bot/backups.py",
        "        if found.sha256 != wanted.sha256:",
        "        if False:",
        _BACKUP,
    ),
    (
        "take a backup of another key",
        "bot/backups.py",
        "    if ring.find(manifest.fingerprint) is None:",
        "    if False:",
        _BACKUP,
    ),
    (
        "restore over what is there",
        "bot/backups.py",
        "    return path.exists() and path.stat().st_size > 0",
        "    return False",
        _BACKUP,
    ),
    (
        "open no sealed value of a backup",
        "bot/backups.py",
        "    if broken := [*found.broken, *packed.broken]:",
        "    if broken := []:",
        _BACKUP,
    ),
    (
        "let others read a backup",
        "bot/backups.py",
        "    (partial / RECORDS).touch(mode=0o600)",
        "    (partial / RECORDS).touch(mode=0o644)",
        _BACKUP,
    ),
    (
        "leave the old database open after a move",
        "bot/moving.py",
        "        if not leave_open:\n",
        "        if False:\n",
        _COPY,
    ),
    (
        "copy a database that is in use",
        "bot/moving.py",
        "        if held is not None:",
        "        if False:",
        _COPY,
    ),
    (
        "compare nothing after a copy",
        "crm_core/storage/copying.py",
        "if await contents(session, table, skip) != wanted[table.name]",
        "if False",
        _COPY,
    ),
    (
        "start on half a copy",
        "bot/place.py",
        "    if COPYING in facts:",
        "    if False:",
        _COPY,
    ),
    (
        "send from a copied live file",
        "bot/place.py",
        "            await sending.pause(work, COPIED)\n",
        "",
        _PLACE,
    ),
)
