"""What trace each act leaves: an audit entry, a record of its own that names who did it, or none."""

from enum import StrEnum


class Trace(StrEnum):
    """What tells later that an act was done."""

    ENTRY = "entry"  # the audit log: a privileged act, or a look at personal data
    RECORD = "record"  # the row that it makes names who did it: what was said, a change of the record, a ticket's event
    OWN = "own"  # people about themselves, on record in their own talk
    NOTHING = "nothing"  # it touches no personal data and changes nothing, or only asks which


ENTERED: dict[str, tuple[str, ...]] = {  # act -> what it enters into the audit log, any of them
    "pin": ("pin.set",),
    "approval.accept": ("approval.accept",),
    "approval.decline": ("approval.decline",),
    "staff.role": ("staff.role",),
    "staff.revoke": ("staff.revoke",),
    "privacy.export": ("privacy.export",),
    "privacy.erase": ("customer.erase",),
    "identity.link": ("identity.link",),
    "web.desk": ("ticket.list", "ticket.read"),
    "web.file": ("file.open",),
    "ticket.queue": ("ticket.list",),
    "ticket.claim": ("ticket.read",),
    "ticket.take_over": ("ticket.take_over",),
    "ticket.resend": ("ticket.resend",),
    "ticket.history": ("ticket.read",),
    "ticket.why": ("ticket.why",),
    "order.show": ("order.show",),
    "customer.show": ("customer.show", "customer.find"),
    "customer.reveal": ("customer.reveal",),
    "customer.timeline": ("customer.timeline",),
    "customer.notes": ("customer.notes",),
    "customer.erase": ("customer.erase",),
    "customer.export": ("customer.export",),
    "merge": ("merge.preview",),
    "merge.show": ("merge.preview",),
    "merge.do": ("merge.merge",),
    "merge.decline": ("merge.decline",),
    "merge.undo": ("merge.undo",),
    "knowledge.judge": ("judgement.read",),
    "knowledge.teach": ("knowledge.teach",),
    "knowledge.propose": ("proposal.propose",),
    "knowledge.approve": ("proposal.approve", "proposal.read"),
    "knowledge.reject": ("proposal.reject",),
    "gap.list": ("gap.read",),
    "gap.close": ("gap.close",),
    "article.publish": ("article.publish",),
    "article.archive": ("article.archive",),
    "article.restore": ("article.restore",),
    "synonyms": ("synonyms.change",),
    "report.relationships": ("report.at_risk",),
    "report.audit": ("report.audit",),
    "segment.list": ("segment.sample",),
    "segment.names": ("segment.sample",),
    "segment.save": ("segment.save",),
    "segment.delete": ("segment.delete",),
    "campaign.send": ("campaign.send",),
    "campaign.pause": ("campaign.pause",),
    "campaign.resume": ("campaign.resume",),
    "campaign.cancel": ("campaign.cancel",),
}

TRACES: dict[str, Trace] = {
    **dict.fromkeys(ENTERED, Trace.ENTRY),
    **dict.fromkeys(
        ("ask", "ask.article", "ask.helped", "ask.person", "ticket.status", "ticket.rate", "order.list", "privacy",
         "privacy.ask_erase", "privacy.keep", "identity.continue", "consent.subscribe", "consent.stop", "web.chat"),
        Trace.OWN,
    ),
    **dict.fromkeys(
        ("ticket.reply", "ticket.note", "ticket.resolve", "ticket.hand_on", "customer.tags", "customer.edit",
         "campaign.new", "campaign.talk"),
        Trace.RECORD,
    ),
    **dict.fromkeys(
        ("start", "help", "language", "web.open", "pin.talk", "approval.list", "staff.list", "customer.ask_erase",
         "customer.keep", "knowledge.ask", "article.show", "knowledge.report", "report", "report.needs",
         "campaign.list", "campaign.report"),
        Trace.NOTHING,
    ),
}  # fmt: skip
