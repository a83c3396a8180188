"""Saboteurs of what makes one database mean the same as another; plain rows, so that `sabotage` can make them.

The last value names the database whose tests must notice.
"""

_HERE = ("tests/unit/test_databases.py",)
_ENGINES = "crm_core/storage/engines.py"
_MYSQL = "crm_core/storage/mysql.py"

DATABASE_SABOTEURS = (
    (
        "write on PostgreSQL without its lock",
        _ENGINES,
        "SELECT pg_advisory_xact_lock({WRITE_LOCK})",
        "SELECT {WRITE_LOCK}",
        _HERE,
        "postgresql",
    ),
    ("write on MariaDB without its lock", _ENGINES, " FOR UPDATE", "", _HERE, "mariadb"),
    (
        "let readers write on PostgreSQL",
        _ENGINES,
        '"on" if read_only else "off"',
        '"off"',
        _HERE,
        "postgresql",
    ),
    ("let readers write on MariaDB", _ENGINES, "TRANSACTION READ ONLY", "TRANSACTION READ WRITE", _HERE, "mariadb"),
    (
        "let readers on PostgreSQL see several moments",
        _ENGINES,
        '"REPEATABLE READ"',
        '"READ COMMITTED"',
        _HERE,
        "postgresql",
    ),
    (
        "store children before their parents",
        "crm_core/models/base.py",
        "{place[mapper.local_table]:04}",
        "{9999 - place[mapper.local_table]:04}",
        _HERE,
        "sqlite",
    ),
    ("take a for A on MariaDB", _MYSQL, "utf8mb4_nopad_bin", "utf8mb4_unicode_ci", _HERE, "mariadb"),
    ("let a file fit into 64 KiB on MariaDB", _MYSQL, '"LONGBLOB"', '"BLOB"', _HERE, "mariadb"),
    (
        "let a pointer to nobody pass on MariaDB",
        "crm_core/storage/database.py",
        "mysql.insert(table).on_duplicate_key_update({key: text(key)})",
        'mysql.insert(table).prefix_with("IGNORE")',
        _HERE,
        "mariadb",
    ),
    (
        "go on after a migration that was cut off",
        "crm_core/storage/migrations/__init__.py",
        "    if inspect(connection).has_table(_MARK):\n",
        '    connection.execute(text(f"DROP TABLE IF EXISTS {_MARK}"))\n    if inspect(connection).has_table(_MARK):\n',
        ("tests/migrations",),
        "mariadb",
    ),
)
