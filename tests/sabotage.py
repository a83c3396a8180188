"""Saboteurs: each breaks one promise by a line in a copy of the tree, and the named tests must turn red.

`python -m tests.sabotage` runs them all, `python -m tests.sabotage consent seal` those with these words in their names.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.saboteurs_access import ACCESS_SABOTEURS
from tests.saboteurs_audit import AUDIT_SABOTEURS
from tests.saboteurs_backup import BACKUP_SABOTEURS
from tests.saboteurs_databases import DATABASE_SABOTEURS
from tests.saboteurs_faults import FAULT_SABOTEURS
from tests.saboteurs_identities import IDENTITY_SABOTEURS
from tests.saboteurs_imports import IMPORT_SABOTEURS
from tests.saboteurs_keys import KEY_SABOTEURS
from tests.saboteurs_knowledge import KNOWLEDGE_SABOTEURS
from tests.saboteurs_orders import ORDER_SABOTEURS
from tests.saboteurs_privacy import PRIVACY_SABOTEURS
from tests.saboteurs_record import RECORD_SABOTEURS
from tests.saboteurs_relationships import RELATIONSHIP_SABOTEURS
from tests.saboteurs_segments import SEGMENT_SABOTEURS

ROOT = Path(__file__).resolve().parents[1]
_COPIED = ("bot", "crm_core", "knowledge_base", "scheduler", "tests", "pyproject.toml", "config.toml")
_LEFT_OUT = shutil.ignore_patterns("__pycache__", ".*", "*.pyc", "browser")
_LONGEST = 300  # seconds for the tests of one saboteur
_RED, _GREEN = 1, 0  # what pytest returns when tests failed, and when all passed; anything else is neither


@dataclass(frozen=True, slots=True)
class Saboteur:
    """`old` (every place where it stands in `file`) becomes `new`, and one of `tests` at least must fail."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    database: str = "sqlite"  # where the tests keep their records


_DELIVERY = ("tests/turns/test_delivery.py",)
_STATES = ("tests/faults/test_outbox_states.py",)
_SENDING = ("tests/turns/test_campaign_sending.py",)
_FAILING = ("tests/turns/test_failing_turns.py",)
_SEALED = ("tests/turns/test_sealed.py",)
_STAFF = ("tests/turns/test_staff.py",)
_AGENT = ("tests/turns/test_agent.py",)
_WORDS = ("tests/turns/test_agent_words.py",)

_RECEIVING = (
    Saboteur(
        "confirm to the channel before the commit",
        "bot/intake.py",
        "        await done\n",
        "        done.add_done_callback(lambda one: one.cancelled() or one.exception())\n",
        ("tests/turns/test_intake.py",),
    ),
    Saboteur(
        "finish the inbox row outside the turn's transaction",
        "bot/counter.py",
        "        async with self._records.write() as work:\n            known = await know(work, [pending",
        "        async with self._records.write() as early:\n"
        "            await inbox.finish(early, [pending.row_id for pending in pendings])\n"
        "        async with self._records.write() as work:\n            known = await know(work, [pending",
        _FAILING,
    ),
    Saboteur(
        "forget where a message came from",
        "bot/turn.py",
        'source_key=f"{self.incoming.channel}:{self.incoming.external_id}"[:190],',
        "source_key=None,",
        _FAILING,
    ),
    Saboteur("try a failing turn for ever", "crm_core/inbox.py", "ATTEMPTS = 3", "ATTEMPTS = 1_000_000", _FAILING),
    Saboteur(
        "let one bad turn take its batch along",
        "bot/counter.py",
        "            if len(pendings) == 1:\n",
        "            if pendings:\n",
        _FAILING,
    ),
    Saboteur(
        "answer for the bot although an agent has taken over",
        "bot/counter.py",
        "            ticket=_current(known),",
        "            ticket=None,",
        _AGENT,
    ),
    Saboteur(
        "file words under a ticket that was resolved a moment ago",
        "bot/counter.py",
        "            ticket=_current(known),",
        "            ticket=known.ticket,",
        _AGENT,
    ),
    Saboteur(
        "write without waiting for the disk",
        "crm_core/storage/engines.py",
        "PRAGMA synchronous=FULL",
        "PRAGMA synchronous=NORMAL",
        ("tests/unit/test_storage.py",),
    ),
)

_DELIVERING = (
    Saboteur(
        "mark as sent before sending",
        "crm_core/outbox.py",
        "    row.state = OutboxState.IN_FLIGHT\n",
        "    row.state = OutboxState.SENT\n",
        _DELIVERY,
    ),
    Saboteur(
        "send again whatever a dead sender had in flight",
        "crm_core/outbox.py",
        "        doubt(work, row, CRASH)\n",
        "        row.state = OutboxState.QUEUED\n",
        _DELIVERY,
    ),
    Saboteur(
        "repeat a campaign's message in doubt",
        "crm_core/rules/delivery.py",
        "AUTOMATIC = (Lane.REPLY, Lane.COPY)",
        "AUTOMATIC = (Lane.REPLY, Lane.COPY, Lane.CAMPAIGN)",
        _SENDING,
    ),
    Saboteur(
        "repeat an agent's words in doubt",
        "crm_core/rules/delivery.py",
        "AUTOMATIC = (Lane.REPLY, Lane.COPY)",
        "AUTOMATIC = (Lane.REPLY, Lane.COPY, Lane.AGENT)",
        _DELIVERY + _STATES,
    ),
    Saboteur("send a third copy", "crm_core/rules/delivery.py", "attempts < 2", "attempts < 3", _DELIVERY + _STATES),
    Saboteur(
        "settle what another sender has claimed anew",
        "crm_core/outbox.py",
        ", Outbox.epoch == epoch)",
        ")",
        _DELIVERY,
    ),
    Saboteur(
        "send although the lease is lost",
        "bot/courier.py",
        "        if epoch == self._epoch:\n",
        "        if self._epoch:\n",
        _DELIVERY,
    ),
    Saboteur(
        "leave what a dead sender had in flight",
        "crm_core/outbox.py",
        "        doubt(work, row, CRASH)\n",
        "        pass\n",
        _DELIVERY,
    ),
    Saboteur(
        "keep an agent's doubt after a crash to oneself",
        "bot/courier.py",
        "                    await self._tell_agent(work, row)\n        self._epoch",
        "                    pass\n        self._epoch",
        _DELIVERY,
    ),
    Saboteur(
        "overtake a message that goes back to the queue",
        "bot/courier.py",
        "        await work.session.flush()  # the claim that follows must see",
        "        pass  # the claim that follows need not see",
        _DELIVERY + _STATES,
    ),
    Saboteur(
        "go on sending after a 429",
        "bot/courier.py",
        "                self._channel.pace.pause(error.retry_after, now)\n",
        "                pass\n",
        _DELIVERY,
    ),
)

_MARKETING = (
    Saboteur(
        "write to those who did not agree",
        "crm_core/rules/marketing.py",
        "    if not standing.consented:",
        "    if False:",
        _SENDING,
    ),
    Saboteur(
        "let an opt-out wait for the next claim",
        "bot/handlers/consent.py",
        "    await outbox.cancel_marketing(turn.work, own.all())\n",
        "    own.all()\n",
        _SENDING,
    ),
    Saboteur(
        "ignore quiet hours", "crm_core/rules/marketing.py", "    if quiet is not None:", "    if False:", _SENDING
    ),
    Saboteur(
        "ignore the weekly cap",
        "crm_core/rules/marketing.py",
        "    if weekly_cap and standing",
        "    if False and standing",
        _SENDING,
    ),
    Saboteur(
        "advertise to those who wait for help",
        "crm_core/rules/marketing.py",
        "    if standing.open_ticket:",
        "    if False:",
        _SENDING,
    ),
    Saboteur(
        "queue a recipient again after a restart",
        "crm_core/campaigns.py",
        "        recipient.outbox_id = row.id\n",
        "        pass\n",
        _SENDING,
    ),
)

_WHO = (
    Saboteur(
        "skip the role check",
        "bot/dispatch.py",
        "    if not access.may(turn.role, act):",
        "    if False:",
        _STAFF,
    ),
    Saboteur("let an invite work twice", "crm_core/staff.py", "            Invite.used_at.is_(None),\n", "", _STAFF),
    Saboteur(
        "let a customer become staff",
        "bot/handlers/start.py",
        "    if not turn.new and await _has_a_past(turn, turn.customer):",
        "    if False:",
        _STAFF,
    ),
    Saboteur(
        "let two agents win one claim",
        "crm_core/tickets.py",
        "        .where(Ticket.id == ticket.id, held)\n",
        "        .where(Ticket.id == ticket.id)\n",
        _AGENT,
    ),
    Saboteur(
        "obey somebody else's button",
        "bot/counter.py",
        "    if row.conversation_id not in (None, conversation_id):",
        "    if False:",
        ("tests/turns/test_buttons.py",),
    ),
    Saboteur(
        "rate somebody else's ticket",
        "bot/handlers/ticket.py",
        " or ticket.customer_id != turn.customer.id:",
        ":",
        ("tests/turns/test_ticket.py",),
    ),
    Saboteur(
        "answer strangers in the colleagues' group",
        "bot/counter.py",
        "                if _says_nothing(pending.incoming, person):",
        "                if pending.incoming.new_chat:",
        ("tests/turns/test_group.py",),
    ),
    Saboteur(
        "say a note to the customer",
        "bot/handlers/agent.py",
        "    _identity, conversation = await person_of(turn.work, ticket.conversation_id)\n"
        "    await turn.file(Kind.NOTE, conversation=conversation, ticket=ticket, text=words)\n",
        "    identity, conversation = await person_of(turn.work, ticket.conversation_id)\n"
        "    said = await turn.file(Kind.NOTE, conversation=conversation, ticket=ticket, text=words)\n"
        "    queue_words(turn.work, identity, said, Lane.AGENT)\n",
        _WORDS,
    ),
    Saboteur(
        "send held words unasked",
        "bot/handlers/agent.py",
        "    if not tickets.hand_is_fresh(turn.staff, ticket, turn.work.now):",
        "    if False:",
        _WORDS,
    ),
)

_SEALING = (
    Saboteur("keep the raw update after its turn", "crm_core/inbox.py", "raw=None, ", "", _SEALED),
    Saboteur(
        "store a customer's name in clear",
        "crm_core/customers.py",
        'return work.vault.seal(name, f"customer.name:{customer_id}", key, customer_id) if name else None',
        "return name.encode() if name else None",
        _SEALED,
    ),
    Saboteur(
        "take a time without its zone",
        "crm_core/storage/types.py",
        '            raise ValueError(f"a time needs its zone, {value!r} has none")\n',
        "            value = value.replace(tzinfo=UTC)\n",
        ("tests/unit/test_storage.py",),
    ),
)

_BACKUP = tuple(Saboteur(*one) for one in BACKUP_SABOTEURS)
_KNOWLEDGE = tuple(Saboteur(*one) for one in KNOWLEDGE_SABOTEURS)
_IDENTITIES = tuple(Saboteur(*one) for one in IDENTITY_SABOTEURS)
_IMPORTS = tuple(Saboteur(*one) for one in IMPORT_SABOTEURS)
_KEYS = tuple(Saboteur(*one) for one in KEY_SABOTEURS)
_ORDERS = tuple(Saboteur(*one) for one in ORDER_SABOTEURS)
_PRIVACY = tuple(Saboteur(*one) for one in PRIVACY_SABOTEURS)
_RECORD = tuple(Saboteur(*one) for one in RECORD_SABOTEURS)
_RELATIONSHIPS = tuple(Saboteur(*one) for one in RELATIONSHIP_SABOTEURS)
_SEGMENTS = tuple(Saboteur(*one) for one in SEGMENT_SABOTEURS)
_ACCESS = tuple(Saboteur(*one) for one in ACCESS_SABOTEURS)
_AUDIT = tuple(Saboteur(*one) for one in AUDIT_SABOTEURS)
_DATABASES = tuple(Saboteur(*one) for one in DATABASE_SABOTEURS)
_FAULTS = tuple(Saboteur(*one) for one in FAULT_SABOTEURS)

SABOTEURS = (
    *_RECEIVING,
    *_DELIVERING,
    *_MARKETING,
    *_WHO,
    *_SEALING,
    *_KEYS,
    *_KNOWLEDGE,
    *_IDENTITIES,
    *_IMPORTS,
    *_ORDERS,
    *_PRIVACY,
    *_RECORD,
    *_RELATIONSHIPS,
    *_SEGMENTS,
    *_BACKUP,
    *_ACCESS,
    *_AUDIT,
    *_DATABASES,
    *_FAULTS,
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one saboteur."""

    saboteur: Saboteur
    noticed: tuple[str, ...] = ()
    trouble: str = ""  # why nothing can be said: the line is gone, the tests could not run

    @property
    def line(self) -> str:
        """One line for people."""
        if self.trouble:
            return f"TROUBLE   {self.saboteur.name}: {self.trouble}"
        if not self.noticed:
            return f"SURVIVED  {self.saboteur.name} ({', '.join(self.saboteur.tests)} stayed green)"
        return f"noticed   {self.saboteur.name}: {', '.join(self.noticed)}"


def copy_tree(to: Path) -> None:
    """Everything that the tests need, without data and caches."""
    for name in _COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, to / name, ignore=_LEFT_OUT)
        else:
            shutil.copy2(ROOT / name, to / name)


def run_tests(tree: Path, tests: Sequence[str], database: str) -> tuple[int, list[str], str]:
    """Pytest's answer, the names of the tests that failed, and the end of its output."""
    command = [sys.executable, "-m", "pytest", "-q", "-rfE", "--maxfail=3", "--hypothesis-profile=hasty", *tests]
    environ = {"FRONTDESK_TEST_KILLS": "5", **os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    environ["FRONTDESK_TEST_DATABASE"] = database
    try:
        ran = subprocess.run(
            command, cwd=tree, env=environ, capture_output=True, text=True, timeout=_LONGEST, check=False
        )
    except subprocess.TimeoutExpired:
        return -1, [], f"the tests did not end within {_LONGEST} s"
    failed = re.findall(r"^(?:FAILED|ERROR) \S+?::(\w+)", ran.stdout, re.MULTILINE)
    return ran.returncode, list(dict.fromkeys(failed)), " | ".join(ran.stdout.strip().splitlines()[-3:])


def try_one(saboteur: Saboteur) -> Verdict:
    """Let one saboteur into a copy of its own."""
    with tempfile.TemporaryDirectory(prefix="sabotage-") as folder:
        tree = Path(folder)
        copy_tree(tree)
        file = tree / saboteur.file
        text = file.read_text(encoding="utf-8")
        if saboteur.old not in text:
            return Verdict(saboteur, trouble=f"{saboteur.file} has no {saboteur.old.strip()!r} any more")
        file.write_text(text.replace(saboteur.old, saboteur.new), encoding="utf-8")
        code, failed, end = run_tests(tree, saboteur.tests, saboteur.database)
    if code == _GREEN:
        return Verdict(saboteur)
    if code != _RED or not failed:
        return Verdict(saboteur, trouble=f"the tests could not run: {end}")
    return Verdict(saboteur, noticed=tuple(failed))


def untouched(saboteurs: Sequence[Saboteur]) -> str:
    """Why the tests are red without any sabotage; "" when they are green, as they must be to prove anything."""
    with tempfile.TemporaryDirectory(prefix="sabotage-") as folder:
        copy_tree(Path(folder))
        for database in sorted({one.database for one in saboteurs}):
            tests = sorted({test for one in saboteurs if one.database == database for test in one.tests})
            code, failed, end = run_tests(Path(folder), tests, database)
            if code != _GREEN:
                return ", ".join(failed) or end
    return ""


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the saboteurs; 0 when every one of them was noticed."""
    parser = argparse.ArgumentParser(prog="python -m tests.sabotage", description=__doc__)
    parser.add_argument("words", nargs="*", help="only saboteurs with one of these words in their names")
    words = parser.parse_args(arguments).words
    chosen = [one for one in SABOTEURS if not words or any(word in one.name for word in words)]
    red = untouched(chosen)
    if red:
        say(f"Without any sabotage these tests fail, so nothing can be proved: {red}")
        return 1
    with ThreadPoolExecutor(max_workers=max(1, (os.cpu_count() or 2) // 2 + 1)) as pool:
        verdicts = []
        for verdict in pool.map(try_one, chosen):
            say(verdict.line)
            verdicts.append(verdict)
    noticed = sum(bool(one.noticed) for one in verdicts)
    say(f"{noticed} of {len(verdicts)} saboteurs were noticed.")
    return 0 if noticed == len(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
