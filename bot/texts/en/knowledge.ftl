# What staff read about matches: why the bot did what it did.
button-why = Why?
why-title = #{ $number }: what the bot made of the question
why-now = Worked out anew, with the articles as they are now.
why-nothing = The bot has looked at no question for #{ $number }: the customer asked for a person or sent a file.
why-sure = It answers, because it is sure enough.
why-same-words = It answers: an article has these very words among its phrasings.
why-close-second = It asks back, because two articles are almost equally near.
why-half-sure = It asks back, because it is only half sure.
why-one-word = It is a single word that several articles know, so it does not guess.
why-weak = It hands over, because no article is near enough.
why-no-terms = It hands over, because no article has any of these words.
why-no-words = There are no words in it, so it asks for some.
why-empty = There is nothing in it, so it asks for words.
why-smalltalk-greeting = It greets back: this is a greeting, not a question.
why-smalltalk-thanks = It says “you are welcome”: these are thanks, not a question.
why-smalltalk-goodbye = It says goodbye: this is a farewell, not a question.
why-smalltalk-person = It hands over, because a person is wanted and nothing else.
why-smalltalk-ok = It takes it as a yes to what was said before: there is no question in it.
why-smalltalk-no = It says sorry and offers a person: this is a no to what was said before, not a question.
why-smalltalk-abuse = It stays calm and offers a person: these are harsh words, not a question.
why-other-language = It hands over, because what it knows of this is there in another language only.
why-no-articles = It hands over, because there are no articles to answer from.
why-then = At the time it { $decision }; articles or settings have changed since.
decided-answer = answered
decided-suggest = asked back
decided-escalate = handed over
why-first = Nearest: “{ $title }” ({ $id }), { $sure } sure.
why-words = Words that count for it: { $words }
why-second = Second: “{ $title }” ({ $id }), { $sure } sure, { $behind } points behind.
why-alone = No other article comes near.
why-from = By itself it answers from { $sure } on.
ask-title = What a customer would get
ask-empty = What shall I look up? For example: /ask how long does delivery take
ask-would-suggest = A choice: { $titles }
ask-would-talk = A short word back and the way to a person; no ticket is opened.
ask-would-escalate = A ticket is opened, and a person answers.

# Judging: was the bot right?
judge-which = A customer wrote:
    “{ $words }”
    Which of these is the right answer?
judge-done = Thank you. That is all for now.
judge-none = There is nothing to judge just now. Thank you.
judge-offer = Do you have a moment to judge how the bot answered?
judgement-gone = This question is not there any more.
button-judge = Judge one
button-none-right = None of these
button-skip = Skip

# Teaching, proposing and approving.
button-teach = Teach the bot
button-add-to = Add to “{ $title }”
button-new-article = New article from the answer
button-approve = Approve
button-approve-anyway = Approve anyway
button-reject = Reject
teach-which = #{ $number }, the customer wrote:
    “{ $words }”
    Shall an article know this wording? To change it first: /learn #{ $number } article-id other words. For a new article: /learn #{ $number } new the question, and the answer on the next line.
teach-which-none = #{ $number }, the customer wrote:
    “{ $words }”
    No article comes near. For one you know: /learn #{ $number } article-id. For a new one: /learn #{ $number } new the question, and the answer on the next line.
proposed = Proposed for “{ $slug }”. It counts as soon as a colleague approves it: /proposals
proposal-waits = { $name } proposes something for the articles: /proposals
proposals-none = Nothing waits for an approval.
proposal-phrasing = { $name } proposes a wording for “{ $title }” ({ $slug }):
    “{ $wording }”
proposal-article = { $name } proposes a new article, “{ $title }” ({ $slug }):
    “{ $wording }”
    { $answer }
proposal-own = It is your own; a colleague has to approve it.
proposal-second-person = You proposed this yourself, so somebody else has to approve it.
proposal-gone = This proposal is not there any more.
proposal-decided = This proposal is decided already.
proposal-approved = Your proposal for “{ $slug }” is approved. Thank you.
proposal-rejected = Your proposal for “{ $slug }” was not taken over.
approved = Approved: “{ $slug }” knows it from now on.
approved-known = “{ $slug }” knew these words already.
approved-gap = Gap { $number } is closed with it.
rejected = The proposal for “{ $slug }” is rejected.
check-warning = Nothing is changed yet. With this, something that is right now would be wrong:
check-warning-own = Nothing is changed yet. The article does not do what its own examples want:
check-warning-lost = Nothing is changed yet. Without this article, questions that are answered now would not be:
check-nothing = Tried on { $judged ->
    [0] the examples
    [one] the examples and one judged question of the last month
   *[other] the examples and { $judged } judged questions of the last month
}: none of them is decided differently.
check-counts = Of { $judged ->
    [one] one judged question
   *[other] { $judged } judged questions
} of the last month: { $newly } newly answered, { $wrong } now wrong, { $lost } no longer answered.
check-wrong = Now wrong: “{ $words }”
check-lost = No longer answered: “{ $words }”
check-must = No longer the first for “{ $slug }”, as its example wants: “{ $words }”
check-must-own = Not the first for “{ $slug }”, as its example wants: “{ $words }”
check-must-not = Now answered with “{ $slug }”, which its example forbids: “{ $words }”

# What cannot be done with articles.
article-unknown = There is no article “{ $slug }” in { $language ->
    [en] English
    [zh] Chinese
   *[other] { $language }
}. “Why?” names the nearest ones with their ids.
article-exists = There is an article “{ $slug }” already.
article-configured = “{ $slug }” comes from the shop's files, so it can only be archived here.
article-bad-slug = An article's id has 1 to { $most } characters; “{ $slug }” has { $length }.
article-no-answer = “{ $slug }” has no answer yet. Write it on the line after the question: /learn new the question, then the answer.
article-long-answer = The answer of “{ $slug }” has { $length } characters; { $most } fit into one message.
article-bad-state = “{ $state }” is no state of an article: draft, published or archived.
article-no-phrasing = “{ $slug }” has no phrasing, so nobody could find it.
article-bad-dates = “{ $slug }” would end before it begins.
article-bad-link = “{ $url }” is no link: it has to begin with https:// or http://.
phrasing-empty = There are no words in it.
phrasing-long = That is { $length } characters; a phrasing takes { $most }. Shorten it: /learn article-id shorter words
phrasing-many = “{ $slug }” has { $most } phrasings already, which is all an article takes.
phrasing-known = “{ $slug }” knows these words already: “{ $wording }”
phrasing-elsewhere = “{ $slug }” has these words already: “{ $wording }”. The same words cannot lead to two articles.
version-unknown = “{ $slug }” has no version { $number }.

# Gaps: questions that no article answers.
gap-unknown = There is no open gap { $number }. /gaps lists them.
gaps-none = There is no open gap: what customers asked lately is answered or settled.
gap-title = Gap { $number }: { $count ->
    [one] one question
   *[other] { $count } questions
}, the last on { $last }
gap-question = “{ $words }”
gap-answer = Answered by a colleague: { $words }
gap-no-answer = No colleague has answered it yet. To write an article: /gaps { $number } the question, and the answer on the next line.
gap-closed = Gap { $number } is closed. New questions of the kind open it again.
button-close-gap = Close the gap

# Synonyms.
synonyms-few = A group takes two words or more. For example: /synonyms en parcel, package
synonyms-many-words = Those are { $length } words; a group takes { $most }.
synonyms-many-groups = There are { $most } groups for this language already, which is all it takes.
synonyms-long-word = “{ $word }” has { $length } characters; a word takes { $most }.
synonyms-known = “{ $word }” stands in a group already. Remove that group first: /synonyms
synonyms-gone = This group is not there any more.

# Articles.
article-which = Which article? For example: /article refund, or /article refund zh. There { $count ->
    [0] are none yet.
    [one] is one: { $names }
   *[other] are { $count }: { $names }
}
article-title = { $title } ({ $slug }, { $language })
article-stands = { $state }, version { $version }
article-state-draft = Draft: customers do not get it yet
article-state-published = Published
article-state-archived = Archived: customers do not get it any more
article-from = From { $at } on
article-until = Until { $at }
article-missing = There is none in { $language } yet.
article-phrasings = { $count ->
    [one] One phrasing: { $some }
   *[other] { $count } phrasings: { $some }
}
article-score = Shown { $shown }, helped { $helped }, not helped { $not_helped }, a person wanted after it { $escalated_after }, came back { $returned }, wrong { $wrong }, settled { $resolved }
article-never-shown = Not shown in the last 30 days.
article-published = “{ $slug }” is published.
article-archived = “{ $slug }” is archived; customers do not get it any more.
article-restored = “{ $slug }” says again what it said then.
button-publish = Publish
button-publish-anyway = Publish anyway
button-archive = Archive
button-archive-anyway = Archive anyway
button-versions = Earlier versions
button-restore = Back to version { $number }
button-restore-anyway = Go back anyway
versions-title = Versions of “{ $slug }”
versions-none = “{ $slug }” has not been changed yet.
version-line = { $number } · { $at } · { $act } · { $name }
version-file = a file or a command
version-imported = taken from a file
version-edited = edited
version-published = published
version-unpublished = made a draft
version-archived = archived
version-learnt = learnt a wording
version-removed = removed
version-restored = set back
synonyms-title = { $name }: { $count ->
    [one] one group of words that mean the same
   *[other] { $count } groups of words that mean the same
}
synonyms-none = { $name }: no synonyms yet. For example: /synonyms { $language } word, other word
synonyms-language = Which language? One of { $languages }. For example: /synonyms en parcel, package
synonyms-added = From now on these mean the same: { $words }
synonyms-removed = These do not mean the same any more: { $words }
button-remove-synonyms = Remove “{ $word }”

# Reports.
report-which = Which report? { $reports }
report-empty = Nothing yet.
report-answers-title = Answers of the last { $days } days
report-answers-decided = { $messages ->
    [one] One message
   *[other] { $messages } messages
}: { $answered } answered, { $suggested } asked back, { $escalated } handed over
report-answers-clicks = Customers clicked: helped { $helped }, not helped { $not_helped }. Who clicks is no random sample.
report-answers-judged = Drawn at random { $drawn }, judged { $judged }, of these answered wrongly { $wrong }
report-articles-title = Articles in the last { $days } days
report-gaps-title = Gaps of the last { $days } days
report-gap-line = Gap { $number }, { $state }: asked { $count ->
    [one] once
   *[other] { $count } times
}, { $answers ->
    [0] no colleague has answered yet
    [one] a colleague answered once
   *[other] colleagues answered { $answers } times
}
gap-state-open = open
gap-state-closed = closed
threshold-shipped = The bot answers by itself from { $sure } on. This is the value that ships with Frontdesk; from 50 judged questions on it follows your own customers ({ $judged } so far). Wanted: at most { $target } of all messages answered wrongly.
threshold-judged = The bot answers by itself from { $sure } on, as { $judged } judged questions tell. Wanted: at most { $target } of all messages answered wrongly.
threshold-realised = Of the judged questions { $wrong } of { $judged } would be answered wrongly: { $realised }, for all messages probably { $low } to { $high }.
