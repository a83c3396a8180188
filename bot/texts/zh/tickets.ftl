# 客户这一侧的工单。
ticket-opened = 这个问题我没有十足的把握，已经请同事来回答。您的工单是 #{ $number }，回复会发到这里。您可以继续补充。
ticket-opened-other-language = 这方面的内容我们目前只有另一种语言的，已请同事在这里回复您。您的工单是 #{ $number }，直接写消息即可补充。
ticket-opened-asked = 已经请同事来帮您。您的工单是 #{ $number }，回复会发到这里。请告诉我们是什么事。
ticket-opened-known = 已经请同事来帮您。您的工单是 #{ $number }，回复会发到这里。同事能看到您刚才的问题，您也可以继续补充。
ticket-exists = 同事已经在处理：工单 #{ $number }。您在这里写的内容都会加进去。
ticket-reopened = 工单 #{ $number } 已重新打开，也通知了同事。
ticket-takes-longer = 比我们希望的久了一些。您的工单 #{ $number } 还在队列中，我们已经再次提醒同事。
status-none = 您没有进行中的工单。请直接写下您的问题。
status-queue = 工单 #{ $number } 在队列中，已等候 { $minutes } 分钟，同事会来处理。
status-agent = { $name }正在处理工单 #{ $number }，会在这里回复您。
status-waiting = { $name }已经回复工单 #{ $number }。如果还有问题，请直接写。
customer-claimed = { $name }来为您处理。
customer-resolved = 您的工单 #{ $number } 已解决。如果还有问题，一天之内在这里写，我们会继续处理。
how-was-it = 您对这次服务满意吗？
rated = 谢谢您的评价。

# 客服这一侧。
queue-title = { $count ->
    [0] 没有人在等候。
   *[other] { $count } 个工单在等候
}
queue-mine = 您的工单：{ $count }
queue-line = #{ $number } { $name } · 已等 { $minutes } 分钟
queue-line-theirs = #{ $number } { $name } · 等对方回复
button-claim = 认领
button-claim-number = 认领 #{ $number }
button-resolve = 解决
button-hand-on = 转交
button-back-to-queue = 放回队列
button-resend = 再次发送
button-send-held = 发送
button-drop-held = 不发送
held-dropped = 没有发送。
ticket-which = 是哪个工单？例如：/claim 12。发送 /queue 可查看谁在等候。
ticket-not-active = #{ $number } 已经解决。
ticket-taken = #{ $number } 已由{ $name }认领。
ticket-taken-meanwhile = #{ $number } 刚被别的同事认领。
ticket-not-yours = #{ $number } 不在您手上。请先认领：/claim { $number }
claimed = #{ $number } 归您了。您在这里写的内容会发给客户；/note 只给同事看，/resolve 结束工单。
taken-over = { $name }接手了 #{ $number }。
said = 已发给{ $name }（#{ $number }）。
noted = 已记在 #{ $number } 上，客户看不到。
resolved = #{ $number } 已解决，客户已收到通知。
reply-empty = 要说什么？例如：/reply 今天就发货。
reply-too-long = 这有 { $length } 个字，一条消息最多 { $most } 个。请分几条发送。
note-empty = 要记什么？例如：/note 已回电，无人接听。
nothing-in-hand = 您手上没有工单，这条没有发给任何人。发送 /queue 可查看谁在等候。
read-by-nobody = 这里只有机器人能看到，这条没有发给任何人。要给客户写消息，请在列表中打开对应的工单。
send-to = 要发给{ $name }（#{ $number }）吗？
colleague-unknown = 没有叫{ $name }的客服同事。
hand-on-to-whom = #{ $number } 交给谁？
handed-on = #{ $number } 现在由{ $name }处理。
handed-back = #{ $number } 已放回队列。
handed-to-you = { $name }把 #{ $number } 转交给您。
rated-colleague = #{ $number } 得到 { $stars } 星（满分 5 星）。
doubt = 未确认：这几句话（#{ $number }）可能已送达，也可能没有。要再次发送吗？
    “{ $text }”
not-delivered = 未送达：这几句话（#{ $number }）没有送到客户那里。
    “{ $text }”
resend-nothing = 没有需要再次发送的内容：已送达，或正在发送。
resent = 正在为 #{ $number } 再次发送。
visitor = 访客 { $code }
copy-title = #{ $number } { $name }
copy-cut = （完整内容见客服工作台。）
card-title = #{ $number } { $name }
card-nobody = 还没有人认领。
card-yours = 这是您的工单：您在这里写的内容会发给{ $name }。
card-has = 由{ $name }处理。
card-done = 已解决。
card-reason = 原因：{ $reason }
card-note = 备注
card-us = 我们
card-tried = 机器人试过：{ $titles }
card-other-language = 答案在条目“{ $title }”里，但只有另一种语言的版本。
card-reminder = #{ $number } 已有 { $minutes } 分钟无人认领。
reason-asked-for-person = 要求人工客服
reason-attachment = 发来了文件
reason-weak = 没有足够接近的知识条目
reason-no-terms = 没有条目包含这些词
reason-no-articles = 这种语言还没有知识条目
reason-other-language = 只有另一种语言的条目
reason-close-second = 两个条目同样接近
reason-half-sure = 把握不够
reason-one-word = 只有一个词，多个条目都有
reason-busy = 机器人来不及查找
