# The place of the audit chain, told to the admins once a day.
audit-anchor = Audit log: { $entries } entries so far. This line proves them later (frontdesk audit verify); just leave it in this chat:
    { $anchor }
