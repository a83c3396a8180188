# The place of the audit chain, told to the admins once a day.
audit-anchor = Audit log: { $entries } entries so far. This line proves them later (frontdesk audit verify); just leave it in this chat:
    { $anchor }

# /report audit; an act has the name that it has in the log.
report-audit-title = Audit log of the last { $days } days: who did what, how often
report-audit-command-line = The command line or Frontdesk
report-audit-line = { $who }: { $act } { $times } ×, records: { $subjects }, last { $last }
