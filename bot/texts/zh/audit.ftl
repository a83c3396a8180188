# 审计链所到之处，每天告知管理员一次。
audit-anchor = 审计日志：至今共 { $entries } 条。请把下面这一行留在本聊天中，日后可凭它核对（frontdesk audit verify）：
    { $anchor }

# /report audit; an act has the name that it has in the log.
report-audit-title = 最近 { $days } 天的审计日志：谁做了什么、多少次
report-audit-command-line = 命令行或 Frontdesk
report-audit-line = { $who }：{ $act } { $times } 次，涉及 { $subjects } 项，最近一次 { $last }
