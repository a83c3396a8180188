# 审计链所到之处，每天告知管理员一次。
audit-anchor = 审计日志：至今共 { $entries } 条。请把下面这一行留在本聊天中，日后可凭它核对（frontdesk audit verify）：
    { $anchor }
