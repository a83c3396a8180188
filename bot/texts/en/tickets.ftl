# The customer's side of a ticket.
ticket-opened = I am not sure enough to answer this myself, so I have asked a colleague. Your ticket is #{ $number }; the answer comes here. You can add to it by writing.
ticket-opened-other-language = We have this in another language only, so I have asked a colleague to answer you here. Your ticket is #{ $number }; you can add to it by writing.
ticket-opened-asked = I have asked a colleague to help you. Your ticket is #{ $number }; the answer comes here. Please tell us what it is about.
ticket-opened-known = I have asked a colleague to help you. Your ticket is #{ $number }; the answer comes here. They can read what you asked; you can add to it by writing.
ticket-exists = A colleague already takes care of this: ticket #{ $number }. What you write here is added to it.
ticket-reopened = I have opened ticket #{ $number } again and told a colleague.
ticket-takes-longer = It takes a little longer than we would like. Your ticket #{ $number } is still in the queue, and we have reminded our colleagues.
status-none = You have no open ticket. Just write your question.
status-queue = Ticket #{ $number } is in the queue, for { $minutes ->
    [one] one minute
   *[other] { $minutes } minutes
} so far. A colleague will take it.
status-agent = { $name } takes care of ticket #{ $number } and answers here.
status-waiting = { $name } has answered ticket #{ $number }. If something is still open, just write.
customer-claimed = { $name } is taking care of this now.
customer-resolved = Your ticket #{ $number } is resolved. If something is still open, write here within a day and we go on.
how-was-it = How did we do?
rated = Thank you for telling us.

# The agent's side.
queue-title = { $count ->
    [0] Nobody is waiting.
    [one] One ticket is waiting
   *[other] { $count } tickets are waiting
}
queue-mine = Yours: { $count }
queue-line = #{ $number } { $name } · waits { $minutes } min
queue-line-theirs = #{ $number } { $name } · their turn
button-claim = Claim
button-claim-number = Claim #{ $number }
button-resolve = Resolve
button-hand-on = Hand on
button-back-to-queue = Back to the queue
button-to-team = To team { $team }
button-resend = Send again
button-send-held = Send
button-drop-held = Do not send
held-dropped = It was not sent.
ticket-which = Which ticket? For example: /claim 12. /queue shows who is waiting.
ticket-not-active = #{ $number } is resolved already.
ticket-taken = #{ $number } is with { $name } already.
ticket-taken-meanwhile = Somebody was faster with #{ $number }.
ticket-not-yours = #{ $number } is not in your hands. Claim it first: /claim { $number }
ticket-of-team = #{ $number } waits for team { $team }. Somebody of that team or a supervisor takes it.
claimed = #{ $number } is yours. What you write here goes to the customer; /note stays inside, /resolve ends it.
taken-over = { $name } has taken over #{ $number }.
said = Sent to { $name } (#{ $number }).
noted = Noted on #{ $number }. The customer does not see it.
resolved = #{ $number } is resolved, and the customer has been told.
reply-empty = What shall I say? For example: /reply It leaves today.
reply-too-long = That is { $length } characters; a message takes { $most }. Please send it in parts.
note-empty = What shall I note down? For example: /note Called back, no answer.
nothing-in-hand = You have no ticket in hand, so this went to nobody. /queue shows who is waiting.
read-by-nobody = Nobody but the bot reads this, so it went to nobody. To write to a customer, open the ticket in the list.
send-to = Send to { $name } (#{ $number })?
colleague-unknown = There is nobody called { $name } on the desk.
hand-on-to-whom = Who takes #{ $number }?
handed-on = #{ $number } is with { $name } now.
handed-back = #{ $number } is back in the queue.
handed-to-team = #{ $number } waits for team { $team } now.
handed-to-you = { $name } has handed #{ $number } to you.
rated-colleague = #{ $number } was rated { $stars } of 5.
doubt = Not confirmed: these words for #{ $number } may or may not have arrived. Send them again?
    “{ $text }”
not-delivered = Not delivered: these words for #{ $number } did not reach the customer.
    “{ $text }”
resend-nothing = There is nothing to send again: it has arrived, or it is on its way.
resent = Sending it again for #{ $number }.
visitor = Visitor { $code }
copy-title = #{ $number } { $name }
copy-cut = (The desk page shows the whole message.)
card-title = #{ $number } { $name }
card-nobody = Nobody has it yet.
card-yours = It is yours: what you write here goes to { $name }.
card-has = { $name } has it.
card-done = Resolved.
card-reason = Why: { $reason }
card-note = Note
card-us = We
card-tried = The bot tried: { $titles }
card-other-language = It is in the article “{ $title }”, which is there in another language only.
card-reminder = Nobody has claimed #{ $number } for { $minutes } minutes.
reason-asked-for-person = asked for a person
reason-attachment = sent a file
reason-weak = no article is near enough
reason-no-terms = no article has these words
reason-no-articles = there are no articles in this language
reason-other-language = the article exists only in the other language
reason-close-second = two articles are equally near
reason-half-sure = not sure enough
reason-one-word = one word that several articles know
reason-busy = the bot had no time to look
