# 保存了什么、如何领取、如何删除。
privacy-title = { $shop }保存了您的哪些信息
privacy-since = 您是 { $number } 号客户，自 { $day } 起。
privacy-messages = 您与我们的消息：{ $count } 条
privacy-files = 照片和文件：{ $count } 个
privacy-contacts = 联系方式：{ $count } 个
privacy-notes = 同事写的备注：{ $count } 条
privacy-orders = 订单：{ $count } 个
privacy-tickets = 人工处理过的请求：{ $count } 个
privacy-consent-yes = 优惠和新消息：您已于 { $day } 同意，范围：{ $place }。
privacy-consent-no = 优惠和新消息：您已于 { $day } 拒绝，所有渠道都不再发送。
privacy-consent-none = 优惠和新消息：您没有同意过，所以我们不会发送。
place-everywhere = 所有渠道
place-shop = 商店自己的账号
button-export-me = 全部发给我
button-subscribe = 我想收到优惠和新消息
button-stop = 不再接收优惠和新消息
button-erase-me = 全部删除
privacy-export = 这是我们保存的、关于您的全部信息。其中的 person.json 用任何文本编辑器都能打开。我们手里的这份压缩包会在 7 天后删除。
erase-sure =
    要让{ $shop }忘记您吗？您的姓名、联系方式、消息、文件和备注会在一分钟内永久删除，未结束的请求会被关闭。订单只作为不含您信息的数字留在账目里。您自己设备上的聊天记录需要您自己删除。

    此操作无法撤销。
button-erase-me-yes = 是的，永久删除
button-erase-no = 不，全部保留
erase-kept = 没有删除任何内容。
erase-asked = 正在删除：一分钟之内，除了不含您信息的数字，我们这里不会再有您的任何资料。再见。如果您再来信，我们就当是第一次认识。
erase-already = 之前已经提出过删除，不需要再做什么。
button-export-customer = 导出资料…
customer-export = 这是我们保存的、关于 { $number } 号客户的全部信息，7 天后自动删除。
button-erase-customer = 删除资料…
erase-customer-sure =
    要永久删除 { $number } 号客户的个人数据吗？姓名、联系方式、消息、文件和备注会在一分钟内删除，未结束的工单会被关闭，订单只留下数字。此操作无法撤销。
button-erase-yes = 是的，删除 { $number } 号
erase-customer-asked = 正在删除 { $number } 号客户的个人数据，一分钟内完成。
help-privacy = 查看我们保存了您的什么信息，并可领取或删除
help-deletemydata = 删除关于您的一切
