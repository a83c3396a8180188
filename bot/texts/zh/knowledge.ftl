# 员工看到的匹配说明：机器人为什么这样处理。
button-why = 为什么？
why-title = #{ $number }：机器人如何理解这个问题
why-now = 以上是按现在的知识条目重新计算的。
why-nothing = #{ $number } 没有机器人判断过的问题：客户直接找人工，或者发来了文件。
why-sure = 它会直接回答，因为把握足够。
why-same-words = 它会直接回答：有条目的问法与这句话完全一样。
why-close-second = 它会反问，因为有两个条目几乎同样接近。
why-half-sure = 它会反问，因为只有一半把握。
why-one-word = 只有一个词，而且多个条目都有，所以它不猜。
why-weak = 它会转人工，因为没有足够接近的条目。
why-no-terms = 它会转人工，因为没有条目包含这些词。
why-no-words = 里面没有文字，所以它请客户写下问题。
why-empty = 里面没有内容，所以它请客户写下问题。
why-smalltalk-greeting = 它会回一句问候：这是打招呼，不是提问。
why-smalltalk-thanks = 它会说“不客气”：这是道谢，不是提问。
why-smalltalk-goodbye = 它会道别：这是告别，不是提问。
why-smalltalk-person = 它会转人工：对方只是要找人工客服。
why-smalltalk-ok = 它当作对前面内容的肯定：里面没有问题。
why-smalltalk-no = 它会致歉并建议找人工：这是对前面内容的否定，不是提问。
why-smalltalk-abuse = 它会保持平和并建议找人工：这是气话，不是提问。
why-other-language = 它会转人工，因为相关内容只有另一种语言的版本。
why-no-articles = 它会转人工，因为还没有可以用来回答的条目。
why-then = 当时它的处理是{ $decision }；之后条目或设置有过变动。
decided-answer = 直接回答
decided-suggest = 反问
decided-escalate = 转人工
why-first = 最接近的条目：“{ $title }”（{ $id }），把握 { $sure }。
why-words = 起作用的词：{ $words }
why-second = 其次：“{ $title }”（{ $id }），把握 { $sure }，落后 { $behind } 个百分点。
why-alone = 没有其他接近的条目。
why-from = 把握达到 { $sure } 时，它才会自己回答。
ask-title = 客户会得到的回复
ask-empty = 要查什么？例如：/ask 配送要多久
ask-would-suggest = 请客户选择：{ $titles }
ask-would-talk = 简短回应，并提供人工入口；不会建立工单。
ask-would-escalate = 会建立工单，由同事来回答。

# 评判：机器人答得对吗？
judge-which = 客户写道：
    “{ $words }”
    下面哪一个是正确答案？
judge-done = 谢谢，暂时就这些。
judge-none = 目前没有需要评判的问题，谢谢。
judge-offer = 有空评判一下机器人的回答吗？
judgement-gone = 这个问题已经不在了。
button-judge = 评判一个
button-none-right = 都不对
button-skip = 跳过

# 教机器人、提议与批准。
button-teach = 教机器人
button-add-to = 加到“{ $title }”
button-new-article = 用回复新建条目
button-approve = 批准
button-approve-anyway = 仍然批准
button-reject = 不采纳
teach-which = #{ $number }，客户写道：
    “{ $words }”
    要把这个问法加到哪个条目？想先修改：/learn #{ $number } 条目编号 改写后的问法。新建条目：/learn #{ $number } new 问题，下一行写答案。
teach-which-none = #{ $number }，客户写道：
    “{ $words }”
    没有接近的条目。如果您知道是哪个：/learn #{ $number } 条目编号。新建条目：/learn #{ $number } new 问题，下一行写答案。
proposed = 已为“{ $slug }”提交提议，同事批准后生效：/proposals
proposal-waits = { $name }对知识条目有一条提议：/proposals
proposals-none = 没有等待批准的提议。
proposal-phrasing = { $name }提议给“{ $title }”（{ $slug }）加一个问法：
    “{ $wording }”
proposal-article = { $name }提议新建条目“{ $title }”（{ $slug }）：
    “{ $wording }”
    { $answer }
proposal-own = 这是您自己的提议，需要同事来批准。
proposal-second-person = 这是您自己的提议，需要由别人批准。
proposal-gone = 这条提议已经不在了。
proposal-decided = 这条提议已经处理过了。
proposal-approved = 您对“{ $slug }”的提议已获批准，谢谢。
proposal-rejected = 您对“{ $slug }”的提议没有被采纳。
approved = 已批准：“{ $slug }”现在认识这个问法了。
approved-known = “{ $slug }”原本就有这个问法。
approved-gap = 知识缺口 { $number } 也随之关闭。
rejected = 对“{ $slug }”的提议未采纳。
check-warning = 还没有做任何改动。这样改会让一些现在正确的结果变错：
check-warning-own = 还没有做任何改动。这个条目达不到它自己示例的要求：
check-warning-lost = 还没有做任何改动。没有这个条目，现在能回答的问题就答不了了：
check-nothing = 已用示例和最近一个月评判过的 { $judged } 个问题试过：结果都没有变化。
check-counts = 最近一个月评判过的 { $judged } 个问题中：新增可回答 { $newly } 个，变错 { $wrong } 个，不再回答 { $lost } 个。
check-wrong = 变错：“{ $words }”
check-lost = 不再回答：“{ $words }”
check-must = 按示例应首先匹配“{ $slug }”，现在不再如此：“{ $words }”
check-must-own = 按示例应首先匹配“{ $slug }”，但没有做到：“{ $words }”
check-must-not = 按示例不应由“{ $slug }”回答，现在却会：“{ $words }”

# 对条目无法进行的操作。
article-unknown = 没有{ $language ->
    [en] 英文
    [zh] 中文
   *[other] { $language }
}条目“{ $slug }”。按“为什么？”可查看最接近的条目及编号。
article-exists = 已经有条目“{ $slug }”了。
article-configured = “{ $slug }”来自商店的文件，在这里只能归档。
article-bad-slug = 条目编号为 1 到 { $most } 个字符；“{ $slug }”有 { $length } 个。
article-no-answer = “{ $slug }”还没有答案。请写在问题的下一行：/learn new 问题，然后换行写答案。
article-long-answer = “{ $slug }”的答案有 { $length } 个字，一条消息最多 { $most } 个。
article-bad-state = “{ $state }”不是条目状态；可用 draft、published 或 archived。
article-no-phrasing = “{ $slug }”没有问法，没有人能找到它。
article-bad-dates = “{ $slug }”的结束时间早于开始时间。
article-bad-link = “{ $url }”不是链接：须以 https:// 或 http:// 开头。
phrasing-empty = 里面没有文字。
phrasing-long = 这有 { $length } 个字，一个问法最多 { $most } 个。请缩短：/learn 条目编号 更短的问法
phrasing-many = “{ $slug }”已有 { $most } 个问法，不能再加了。
phrasing-known = “{ $slug }”已经有这个问法：“{ $wording }”
phrasing-elsewhere = “{ $slug }”已经有这个问法：“{ $wording }”。同一句话不能指向两个条目。
version-unknown = “{ $slug }”没有第 { $number } 版。

# 知识缺口：没有条目能够回答的问题。
gap-unknown = 没有编号为 { $number } 的未解决知识缺口。发送 /gaps 可查看列表。
gaps-none = 没有未解决的知识缺口：最近的问题都有答案或已处理。
gap-title = 知识缺口 { $number }：{ $count } 个问题，最近一次 { $last }
gap-question = “{ $words }”
gap-answer = 同事的回复：{ $words }
gap-no-answer = 还没有同事回复过。要写条目：/gaps { $number } 问题，下一行写答案。
gap-closed = 知识缺口 { $number } 已关闭。再有同类问题时会重新打开。
button-close-gap = 关闭缺口

# 同义词。
synonyms-few = 一组至少要有两个词。例如：/synonyms zh 快递, 包裹
synonyms-many-words = 这有 { $length } 个词，一组最多 { $most } 个。
synonyms-many-groups = 这种语言已有 { $most } 组，不能再加了。
synonyms-long-word = “{ $word }”有 { $length } 个字，一个词最多 { $most } 个。
synonyms-known = “{ $word }”已经在某一组里了。请先删除那一组：/synonyms
synonyms-gone = 这一组已经不在了。

# 知识条目。
article-which = 哪个条目？例如：/article refund 或 /article refund zh。共有 { $count } 个：{ $names }
article-title = { $title }（{ $slug }，{ $language }）
article-stands = { $state }，第 { $version } 版
article-state-draft = 草稿：客户还看不到
article-state-published = 已发布
article-state-archived = 已归档：客户不再看到
article-from = { $at } 起有效
article-until = 有效至 { $at }
article-missing = 还没有{ $language }版本。
article-phrasings = { $count } 个问法：{ $some }
article-score = 展示 { $shown } 次，有帮助 { $helped }，没帮助 { $not_helped }，之后找人工 { $escalated_after }，再次询问 { $returned }，答错 { $wrong }，已解决 { $resolved }
article-never-shown = 最近 30 天没有展示过。
article-published = “{ $slug }”已发布。
article-archived = “{ $slug }”已归档，客户不再看到。
article-restored = “{ $slug }”已恢复为当时的内容。
button-publish = 发布
button-publish-anyway = 仍然发布
button-archive = 归档
button-archive-anyway = 仍然归档
button-versions = 历史版本
button-restore = 恢复到第 { $number } 版
button-restore-anyway = 仍然恢复
versions-title = “{ $slug }”的版本
versions-none = “{ $slug }”还没有改动过。
version-line = { $number } · { $at } · { $act } · { $name }
version-file = 文件或命令
version-imported = 从文件导入
version-edited = 编辑
version-published = 发布
version-unpublished = 改为草稿
version-archived = 归档
version-learnt = 学会一个问法
version-removed = 删除
version-restored = 恢复
synonyms-title = { $name }：{ $count } 组同义词
synonyms-none = { $name }：还没有同义词。例如：/synonyms { $language } 词, 另一个词
synonyms-language = 哪种语言？可用：{ $languages }。例如：/synonyms zh 快递, 包裹
synonyms-added = 从现在起这些词意思相同：{ $words }
synonyms-removed = 这些词不再视为同义：{ $words }
button-remove-synonyms = 删除“{ $word }”

# 报表。
report-which = 要看哪个报表？{ $reports }
report-empty = 暂无内容。
report-answers-title = 最近 { $days } 天的回答
report-answers-decided = 共 { $messages } 条消息：直接回答 { $answered }，反问 { $suggested }，转人工 { $escalated }
report-answers-clicks = 客户点击：有帮助 { $helped }，没帮助 { $not_helped }。点击的人并非随机样本。
report-answers-judged = 随机抽取 { $drawn }，已评判 { $judged }，其中答错 { $wrong }
report-articles-title = 最近 { $days } 天的条目
report-gaps-title = 最近 { $days } 天的知识缺口
report-gap-line = 缺口 { $number }（{ $state }）：被问 { $count } 次，同事回复 { $answers } 次
gap-state-open = 未解决
gap-state-closed = 已关闭
threshold-shipped = 把握达到 { $sure } 时机器人自行回答。这是 Frontdesk 自带的数值；评判满 50 个问题后会按您的客户来定（目前 { $judged } 个）。目标：答错的消息不超过 { $target }。
threshold-judged = 把握达到 { $sure } 时机器人自行回答，由 { $judged } 个评判过的问题得出。目标：答错的消息不超过 { $target }。
threshold-realised = 评判过的 { $judged } 个问题中有 { $wrong } 个会答错：{ $realised }；对所有消息大约在 { $low } 到 { $high } 之间。
