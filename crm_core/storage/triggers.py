"""Triggers by which the database itself refuses to change or remove what is append-only, on every dialect.

They stop mistakes and whoever may write rows and not change tables. Who may drop a trigger is found by the chain of
the audit log (docs/decisions/0023).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, TextClause, text

from crm_core.storage.mysql import NAMES as MYSQL

KEPT_DAYS = 365  # an audit entry that is younger, by the database's own clock, cannot be removed
APPEND_ONLY = ("audit_entry", "audit_link", "consent", "stage_change", "customer_change")

_KEPT = KEPT_DAYS * 86_400  # seconds
_ALWAYS = ""
_REPEATED = {  # SQLite's INSERT OR REPLACE removes the row that was there without asking the trigger of DELETE
    "audit_entry": "EXISTS (SELECT 1 FROM audit_entry WHERE id = NEW.id)",
    "audit_link": "EXISTS (SELECT 1 FROM audit_link WHERE seq = NEW.seq OR entry_id = NEW.entry_id)",
}
_YOUNG = {
    "sqlite": f"OLD.at > (CAST(strftime('%s', 'now') AS INTEGER) - {_KEPT}) * 1000000",
    "postgresql": f"OLD.at > (CAST(extract(epoch FROM now()) AS BIGINT) - {_KEPT}) * 1000000",
    "mysql": f"OLD.at > (UNIX_TIMESTAMP() - {_KEPT}) * 1000000",
}
_FUNCTION = "frontdesk_append_only"


@dataclass(frozen=True, slots=True)
class Trigger:
    """One trigger; `when` is the condition under which it refuses, "" for always."""

    table: str
    event: str  # "UPDATE", "DELETE", "INSERT", "TRUNCATE"
    when: str = _ALWAYS

    @property
    def name(self) -> str:
        """Its name in the database."""
        return f"tr_{self.table}_{self.event.lower()}"


def create(connection: Connection) -> None:
    """Make all triggers anew; after every upgrade, since rebuilding a table drops them."""
    drop(connection)
    dialect = _dialect(connection)
    if dialect == "postgresql":
        connection.execute(
            text(
                f"CREATE OR REPLACE FUNCTION {_FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                "RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only'; END $$"
            )
        )
    for trigger in _triggers(dialect):
        connection.execute(_statement(trigger, dialect))


def drop(connection: Connection) -> None:
    """Remove all triggers that are there: an upgrade may rebuild and fill these tables."""
    dialect = _dialect(connection)
    there = _there(connection)
    for trigger in _triggers(dialect):
        if trigger.name in there:
            on = f" ON {trigger.table}" if dialect == "postgresql" else ""
            connection.execute(text(f"DROP TRIGGER {trigger.name}{on}"))


def missing(connection: Connection) -> list[str]:
    """The names of triggers that are not there, are switched off, or (on SQLite) say something else."""
    dialect = _dialect(connection)
    there = _there(connection)
    if dialect != "sqlite":
        return [one.name for one in _triggers(dialect) if one.name not in there]
    return [one.name for one in _triggers(dialect) if there.get(one.name) != _statement(one, dialect).text]


def _dialect(connection: Connection) -> str:
    return "mysql" if connection.dialect.name in MYSQL else connection.dialect.name


def _triggers(dialect: str) -> Iterator[Trigger]:
    for table in APPEND_ONLY:
        yield Trigger(table, "UPDATE")
    yield Trigger("audit_entry", "DELETE", _YOUNG[dialect])
    yield Trigger("audit_link", "DELETE")
    if dialect == "sqlite":
        yield from (Trigger(table, "INSERT", repeated) for table, repeated in _REPEATED.items())
    if dialect == "postgresql":
        yield from (Trigger(table, "TRUNCATE") for table in _REPEATED)


def _statement(trigger: Trigger, dialect: str) -> TextClause:
    head = f"CREATE TRIGGER {trigger.name} BEFORE {trigger.event} ON {trigger.table}"
    says = f"{trigger.table} is append-only"
    if dialect == "postgresql":
        each = "STATEMENT" if trigger.event == "TRUNCATE" else "ROW"
        when = f" WHEN ({trigger.when})" if trigger.when else ""
        return text(f"{head} FOR EACH {each}{when} EXECUTE FUNCTION {_FUNCTION}()")
    if dialect == "mysql":
        refuse = f"SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{says}'"
        body = f"BEGIN IF {trigger.when} THEN {refuse}; END IF; END" if trigger.when else refuse
        return text(f"{head} FOR EACH ROW {body}")
    when = f" WHEN {trigger.when}" if trigger.when else ""
    return text(f"{head}{when} BEGIN SELECT RAISE(ABORT, '{says}'); END")


def _there(connection: Connection) -> dict[str, str]:
    """The triggers that are there and on, by name, with their statement where the database keeps it as it was given."""
    statement = {
        "sqlite": "SELECT name, sql AS given FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": (
            "SELECT tgname AS name, '' AS given FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
            "WHERE NOT tgisinternal AND tgenabled <> 'D' AND relnamespace = current_schema()::regnamespace"
        ),
        "mysql": (
            "SELECT trigger_name AS name, '' AS given FROM information_schema.triggers "
            "WHERE trigger_schema = DATABASE()"
        ),
    }[_dialect(connection)]
    return {row.name: row.given for row in connection.execute(text(statement))}
