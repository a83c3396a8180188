"""Saboteurs whose work only shows when a real process is killed, starved or cut off.

Each is (name, file, old, new, tests), as `tests.sabotage.Saboteur` takes them. FRONTDESK_TEST_KILLS=5 makes them quick.
"""

_FOLDER = "tests/faults/test_kill_"
_TURNS = (f"{_FOLDER}turns.py",)
_CAMPAIGN = (f"{_FOLDER}campaign.py",)
_SIGTERM = (f"{_FOLDER}sigterm.py",)
_WEBCHAT = (f"{_FOLDER}webchat.py",)
_DISK = (f"{_FOLDER}disk.py",)
_START = (f"{_FOLDER}start.py",)
_AGENT = (f"{_FOLDER}faults.py::test_an_agents_words_arrive_at_most_once_by_themselves",)
_UNREADABLE = (f"{_FOLDER}faults.py::test_an_unreadable_update_is_set_aside_and_the_operator_is_told",)
_TROUBLE = (f"{_FOLDER}faults.py::test_calls_that_end_badly_are_repeated_once",)

FAULT_SABOTEURS: tuple[tuple[str, str, str, str, tuple[str, ...]], ...] = (
    (
        "move the offset while the intake still commits",
        "bot/channels/telegram/polling.py",
        "            await intake(batch)\n",
        "            self._later = asyncio.ensure_future(intake(batch))\n",
        _DISK,
    ),
    (
        "take an update that comes again for a new one",
        "crm_core/inbox.py",
        '"external_id": external_id,',
        '"external_id": f"{external_id}-{row_id}",',
        _TURNS,
    ),
    (
        "call a reply sent as soon as it is claimed",
        "crm_core/outbox.py",
        "    row.state = OutboxState.IN_FLIGHT\n",
        "    row.state = OutboxState.SENT\n",
        _TURNS + _CAMPAIGN,
    ),
    (
        "send everything again that a crash left in flight",
        "crm_core/outbox.py",
        "        doubt(work, row, CRASH)\n",
        "        row.state = OutboxState.QUEUED\n",
        _CAMPAIGN,
    ),
    (
        "forget what was in flight when the process died",
        "bot/courier.py",
        "await outbox.recover(work, self._channel.name, epoch)",
        "list[Outbox]()",
        _AGENT,
    ),
    (
        "take an answer that did not come for a refusal",
        "bot/channels/telegram/__init__.py",
        '        raise Unconfirmed("no_answer") from None',
        '        raise Refused("no_answer") from None',
        _TROUBLE,
    ),
    (
        "leave without finishing what is at hand",
        "bot/app.py",
        "await _finish(tasks, 4.0)",
        "await _finish(tasks, 0.0)",
        _SIGTERM,
    ),
    (
        "wait for the lease of a dead process",
        "crm_core/leases.py",
        '    host, _, rest = holder.partition(":")\n',
        '    return False\n    host, _, rest = holder.partition(":")\n',
        _START,
    ),
    (
        "acknowledge to the page before the commit",
        "bot/web/sockets.py",
        "            await self.webchat.take(",
        "            await self.tell(protocol.ack(frame.client_id))\n            await self.webchat.take(",
        _DISK,
    ),
    (
        "take what a page sends again for new words",
        "bot/channels/webchat.py",
        "RawUpdate(external_id=f\"{address}:{frame['client_id']}\"",
        "RawUpdate(external_id=f\"{address}:{frame['client_id']}-{id(frame)}\"",
        _WEBCHAT,
    ),
    (
        "hold a full disk against the messages",
        "bot/counter.py",
        "            if is_out_of_order(error):\n",
        "            if len(pendings) < 0:\n",
        _DISK,
    ),
    (
        "let a log line that cannot be written stop the work",
        "bot/logs.py",
        'structlog.PrintLoggerFactory(cast("TextIO", _Unfailing(sys.stderr)))',
        "structlog.PrintLoggerFactory(sys.stderr)",
        _DISK,
    ),
    (
        "stumble over an update that nobody can read",
        "bot/counter.py",
        '            log.warning("An update cannot be decoded."',
        '            raise\n            log.warning("An update cannot be decoded."',
        _UNREADABLE,
    ),
)
