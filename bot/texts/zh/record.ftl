# 客户档案：不予接受的内容。
record-empty = 内容是空的。
record-long = 共 { $length } 个字，这里最多 { $most } 个。
record-no-email = “{ $text }”不是邮箱地址，应类似 ana@example.com。
record-no-phone = “{ $text }”不是电话号码：至少要有五位数字，最好带国家区号，例如 +86 138 0013 8000。
record-no-day = “{ $text }”不是日期，请写成 1990-03-27。
record-no-birthday = { $day } 不能作为生日，应在 { $earliest } 年至今天之间。
record-no-language = 没有名为“{ $text }”的语言。请写语言名称或代码，例如 en 或 zh。
record-no-zone = 没有名为“{ $text }”的时区。是不是 { $near }？
record-no-field = 没有名为“{ $field }”的字段。
record-erased = 客户 #{ $number } 的个人数据已删除，档案不能再修改。
record-merged = 客户 #{ $number } 已并入另一份档案，请打开那一份。
contact-known = { $value } 已在档案中。
contact-many = 这一类已有 { $most } 条，放不下了。请先删除一条。
contact-gone = 这一条已不在档案中。
tag-many = 该客户已有 { $most } 个标签，请先去掉一个。
tag-not-there = 该客户没有“{ $tag }”这个标签。
attribute-unknown = 没有名为“{ $attribute }”的属性。
attribute-bad-key = “{ $attribute }”不能用作属性名：须以字母开头，由小写字母、数字和 _ 组成，不超过 40 个字符。
attribute-bad-kind = 没有“{ $kind }”这种属性类型。可选：{ $kinds }。
attribute-in-use = 已有客户填写了“{ $attribute }”，因此它的类型以及是否属于个人数据都不能再改。请将它归档，另建一个。
attribute-choices = 选项应为 2 至 { $most } 个不同的词，现在是 { $length } 个。
attribute-long = { $attribute } 最多 { $most } 个字，这里有 { $length } 个。
attribute-no-number = { $attribute } 应为数字，而这里是“{ $text }”。
attribute-no-day = { $attribute } 应为日期，例如 2026-03-01，而这里是“{ $text }”。
attribute-no-choice = { $attribute } 应为以下之一：{ $choices }，而这里是“{ $text }”。
attribute-no-yes-no = { $attribute } 应为“是”或“否”，而这里是“{ $text }”。
contact-not-there = 档案中没有“{ $text }”。

# 客户卡片。
customer-title = { $name } · #{ $number }
customer-stage = { $day } 起：{ $stage }
customer-line = { $field }：{ $value }
customer-addresses = 存有 { $count } 个地址
customer-orders = { $count } 个订单，共 { $total }，最近一次 { $day }
customer-consent-yes = 优惠与资讯：同意（{ $day } 起）
customer-consent-no = 优惠与资讯：不同意（{ $day } 起）
customer-tickets = 未解决的工单：{ $numbers }
customer-last-contact = 最近来信：{ $at }
customer-notes = { $count ->
    [0] 还没有备注
   *[other] { $count } 条备注
}
customer-note = { $at } { $by }：{ $text }
customer-tags = { $count ->
    [0] 还没有标签
   *[other] { $count } 个标签
}
contact-verified = 已验证
contact-main = （首选）
value-yes = 是
value-no = 否
by-nobody = Frontdesk
field-name = 姓名
field-further-name = 别名
field-phone = 电话
field-email = 邮箱
field-address = 地址
field-language = 语言
field-time-zone = 时区
field-birthday = 生日
field-company = 公司
field-owner = 负责人
field-tag = 标签
field-note = 备注
field-main-name = 首选别名
field-main-phone = 首选电话
field-main-email = 首选邮箱
field-main-address = 首选地址
button-reveal = 完整显示
button-timeline = 时间线
button-notes = 备注
button-edit-customer = 修改
button-tags = 标签
button-ticket = 工单 #{ $number }
button-card = 客户卡片
button-older = 更早
button-add-note = 添加备注
button-add-tag = 添加标签
button-remove-tag = 去掉 { $tag }
button-remove-contact = 删除第 { $place } 条
button-main-contact = 将第 { $place } 条设为首选
button-empty = 清空
button-leave = 不改了

# 查找与修改。
customer-which = 要找哪位客户？例如：/customer 12、/customer 林夏、/customer 13800138000、/customer 标签:红茶，或者写订单号。要修改，例如：/customer 12 电话 13800138000。字段有：姓名、别名、电话、邮箱、地址、语言、时区、生日、公司、负责人、标签、备注，以及自定义属性。减号表示去掉：/customer 12 标签 -红茶，/customer 12 公司 -
customer-none = 没有找到“{ $words }”。可以写客户编号、订单号、完整的电话或邮箱、姓名中的词，或“标签:红茶”。
customer-found = { $count } 位客户
customer-found-many = 超过 { $count } 位客户，最接近的是：
customer-hit = #{ $number } { $name } · { $stage } { $company }
customer-changed = #{ $number }：{ $field }已修改。
customer-emptied = #{ $number }：{ $field }已清空。
customer-added = #{ $number }：{ $field }已添加。
customer-removed = #{ $number }：{ $field }已删除。
customer-main = #{ $number }：已设为首选。
customer-noted = #{ $number }：备注已保存。
customer-left = 没有做任何修改。
customer-edit-what = 要修改哪一项？
customer-edit-by-line = 在这里请用一行写出修改，例如：/customer 电话 13800138000、/customer 标签 红茶、/customer 公司 -
customer-ask-value = #{ $number } 的{ $field }：请写下新的内容。
customer-how-day = 例如：1990-03-27
customer-how-text = 写几个字即可。
customer-how-number = 一个数字，例如 42 或 1.5
customer-how-date = 一个日期，例如 2026-03-01
customer-how-choice = 以下之一：{ $choices }
customer-how-yes-no = “是”或“否”。

# 时间线。
timeline-title = { $name } 的时间线 · #{ $number }
timeline-none = 更早没有记录。
timeline-message = 来信：{ $text }
timeline-press = 选择了“{ $text }”
timeline-reply = 机器人：{ $text }
timeline-agent = { $by }：{ $text }
timeline-note = { $by }的备注：{ $text }
timeline-campaign = 营销活动：{ $text }
timeline-follow-up = 跟进：{ $text }
timeline-ticket-opened = 工单 #{ $number } 已创建
timeline-ticket-claimed = 工单 #{ $number } 由{ $by }认领
timeline-ticket-handed-on = 工单 #{ $number } 由{ $by }转交
timeline-ticket-resolved = 工单 #{ $number } 由{ $by }解决
timeline-ticket-reopened = 工单 #{ $number } 重新打开
timeline-ticket-rated = 工单 #{ $number } 评分 { $stars }/5
timeline-ordered = 下单 { $order }，{ $total }
timeline-order = 订单 { $order }：{ $state }
timeline-payment = 订单 { $order }：已付 { $total }
timeline-refund = 订单 { $order }：已退 { $total }
timeline-consent-yes = 同意接收优惠与资讯
timeline-consent-no = 不再接收优惠与资讯
timeline-change = { $field }：由“{ $before }”改为“{ $after }”（{ $by }）
timeline-set = { $field }：“{ $after }”（{ $by }）
timeline-emptied = { $field }：去掉“{ $before }”（{ $by }）
timeline-stage = 由{ $before }变为{ $after }
timeline-merge = 客户 #{ $number } 并入此档案
timeline-merge-undone = 客户 #{ $number } 曾并入此档案，后又分开
timeline-created = 首次建档
