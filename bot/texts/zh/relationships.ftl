# 客户关系所处的阶段。
stage-lead = 潜在客户
stage-active = 活跃
stage-at-risk = 有流失风险
stage-lost = 已流失
stage-won-back = 已挽回

# 关于客户的报表，多附一张图，图中各线以 A、B、C 标记。
report-of-segment = 仅限以下分群的客户：{ $segment }
needs-title = 最近 { $days } 天客户问了什么
needs-total = 共 { $asked } 个问题，此前同样长的时间内 { $before } 个。其中没有答案的：{ $unanswered } 个
needs-line = { $letter }：{ $topic }，{ $asked } 次（此前 { $before } 次）
needs-line-rising = { $letter }：{ $topic }，{ $asked } 次（此前 { $before } 次），正在上升
needs-rising = 同样在上升：{ $topics }
needs-unanswered = 没有条目能回答：{ $topics }
needs-gap = 缺口 { $number }
needs-unsorted = 尚未归类
stages-title = 客户处于哪个阶段，以及最近 { $days } 天的变化
stages-line = { $letter }：{ $stage }，{ $customers } 人（期初 { $before }，进入 { $entered }，离开 { $left }）
stages-moves = 变动最多的：{ $moves }
risk-title = { $count ->
    [0] 目前没有客户有流失风险
   *[other] { $count } 位客户有流失风险
}
risk-quiet = #{ $number }：已有 { $quiet } 天没有下单，平时约每 { $usual } 天一次。订单 { $orders } 笔，{ $spent }
risk-quiet-only = #{ $number }：已有 { $quiet } 天没有下单。订单 { $orders } 笔，{ $spent }
risk-in-touch = #{ $number }：曾经流失，又来联系过；已有 { $quiet } 天没有下单，平时约每 { $usual } 天一次。订单 { $orders } 笔，{ $spent }
risk-in-touch-only = #{ $number }：曾经流失，又来联系过；已有 { $quiet } 天没有下单。订单 { $orders } 笔，{ $spent }
risk-open = 查看是谁：/customer { $number }
risk-more = 另有 { $count } 位：frontdesk report at-risk
rfm-title = 客户最近一次购买有多近、购买有多频繁
rfm-axes = 纵向（R）：最近一次购买的远近，5 为最近。横向（F）：购买次数，5 为最多。格中数字是客户人数。
rfm-sums = 共 { $whole } 位客户。近期且常买（R 4–5，F 4–5）：{ $best } 位。常买但近来没有（R 1–2，F 4–5）：{ $slipping } 位
replies-title = 最近 { $days } 天客户等了多久
replies-bot = 机器人：{ $count } 条回复中，一半在 { $median } 秒内，九成在 { $most } 秒内
replies-tickets = 工单：{ $tickets } 张，其中有人回复的 { $answered } 张
replies-person = 人工首次回复：一半在 { $median } 分钟内，九成在 { $most } 分钟内
replies-line = { $letter }：{ $stage }，{ $median } 分钟（九成在 { $most } 分钟内，已回复 { $answered } 张）
