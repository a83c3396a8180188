# Stages of a relationship.
stage-lead = Lead
stage-active = Active
stage-at-risk = At risk
stage-lost = Lost
stage-won-back = Won back

# Reports about customers, most of them below a picture whose lines are named A, B, C …
report-of-segment = Only customers of this segment: { $segment }
needs-title = What customers asked about in the last { $days } days
needs-total = { $asked ->
    [one] One question
   *[other] { $asked } questions
}, in the same time before { $before }. Without an answer: { $unanswered }
needs-line = { $letter }: { $topic }, { $asked } (before { $before })
needs-line-rising = { $letter }: { $topic }, { $asked } (before { $before }), rising
needs-rising = Rising, too: { $topics }
needs-unanswered = No article answers: { $topics }
needs-gap = gap { $number }
needs-unsorted = not sorted yet
stages-title = Where customers stand, and how it was over the last { $days } days
stages-line = { $letter }: { $stage }, { $customers } (at the start { $before }, came { $entered }, left { $left })
stages-moves = Most movements: { $moves }
risk-title = { $count ->
    [0] Nobody is at risk
    [one] One customer is at risk
   *[other] { $count } customers are at risk
}
risk-quiet = #{ $number }: quiet for { $quiet } days, usually buys every { $usual }. Orders { $orders }, { $spent }
risk-quiet-only = #{ $number }: quiet for { $quiet } days. Orders { $orders }, { $spent }
risk-in-touch = #{ $number }: was lost and wrote again; no order for { $quiet } days, usually every { $usual }. Orders { $orders }, { $spent }
risk-in-touch-only = #{ $number }: was lost and wrote again; no order for { $quiet } days. Orders { $orders }, { $spent }
risk-open = Who it is: /customer { $number }
risk-more = And { $count } more: frontdesk report at-risk
rfm-title = How recently and how often customers buy
rfm-axes = Up (R): how recently, 5 is the most recent. To the right (F): how often, 5 is the most often. In each field: how many customers.
rfm-sums = { $whole ->
    [one] One customer
   *[other] { $whole } customers
} in all. Recent and often (R 4–5, F 4–5): { $best }. Often, but not lately (R 1–2, F 4–5): { $slipping }
replies-title = How long customers waited in the last { $days } days
replies-bot = The bot: { $median } s for half of its { $count } replies, at most { $most } s for nine in ten
replies-tickets = Tickets: { $tickets }, of these answered by a person: { $answered }
replies-person = A person's first words: after { $median } minutes for half of them, at most { $most } for nine in ten
replies-line = { $letter }: { $stage }, { $median } minutes (nine in ten { $most }; { $answered } answered)
