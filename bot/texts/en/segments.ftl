# Segments: questions about customers, what they mean, and what is wrong with one.
segments-title = Segments
segments-none = No segments are saved yet.
segments-how = Write /segments and a question to try it, for example: /segments language = zh and spent >= 500 CNY. Put a name and a colon before it to save it: /segments loyal: orders >= 3
segment-counted = { $count ->
    [0] Nobody
    [one] One customer
   *[other] { $count } customers
}
segment-line = { $segment }: { $counted }
segment-meaning = That is: { $words }.
segment-sampled = For example:
segment-person = Customer { $number } { $name }({ $language }, { $stage })
button-save-segment = Save as “{ $segment }”
button-replace-segment = Replace “{ $segment }”
button-delete-segment = Delete
segment-saved = “{ $segment }” is saved.
segment-deleted = “{ $segment }” is deleted.
segment-none = There is no segment called “{ $segment }”.
segment-none-near = There is no segment called “{ $segment }”. Did you mean “{ $near }”?
segment-bad-name = “{ $segment }” cannot be the name of a segment. Names have letters, digits, blanks, dots and dashes, up to { $most } characters.
segment-too-many = There are { $most } segments already. Please delete one first.
segment-taken = There is a segment called “{ $segment }” already.
segment-in-campaign = Campaign { $number } still needs the segment “{ $segment }”.
segment-in-segment = The segment “{ $other }” needs the segment “{ $segment }”.
segment-place = At character { $place }, “{ $found }”: { $problem }
segment-place-end = At the end: { $problem }
segment-inside = In the segment “{ $segment }”: { $problem }
segment-empty = write what the customers have in common, for example: language = zh and orders >= 3.
segment-long = a question may have { $most } characters, this one has { $length }.
segment-sign = this sign means nothing here. Put words with special signs in quotation marks.
segment-quote = the quotation that begins here has no end.
segment-deep = brackets, “not” and segments may lie within each other { $most } times at most.
segment-many = a question may have { $most } conditions, those of its segments among them.
segment-values = a list may have { $most } words.
segment-want-joint = and, or, or the end is missing here.
segment-want-joint-or-close = and, or, or a closing bracket is missing here.
segment-want-comma-or-close = a comma or a closing bracket is missing here.
segment-want-field = the name of a field belongs here.
segment-want-sign = “{ $wanted }” is missing here.
segment-want-operator = after { $field } one of these belongs: { $wanted }
segment-want-word = after { $field } a word belongs. Put words that mean something else, and those with blanks, in quotation marks.
segment-want-choice = { $field } is one of these: { $wanted }.
segment-want-number = after { $field } a number belongs.
segment-want-whole = { $field } is counted in whole numbers.
segment-want-money = after { $field } an amount belongs, for example 500 CNY.
segment-want-currency = a currency belongs here, for example CNY.
segment-want-day = after { $field } a day belongs: 2026-03-01, today or 30 days ago.
segment-want-birthday = a birthday is written as month and day: 03-27.
segment-want-span = a number of days, weeks, months or years belongs here.
segment-want-unit = days, weeks, months or years belongs here.
segment-word-length = a word may have up to { $most } characters, and at least one.
segment-fraction = { $currency } has no such fractions.
segment-big = this number is too big or too small here.
segment-no-day = there is no such day.
segment-always-known = { $field } is always known.
segment-personal = attribute.{ $attribute } is personal. It is sealed, and no segment may ask for it.
segment-unknown-field = there is no such field.
segment-unknown-field-near = there is no such field. Did you mean “{ $near }”?
segment-unknown-attribute = there is no attribute called “{ $attribute }”.
segment-unknown-segment = there is no segment called “{ $segment }”.
segment-unknown-segment-near = there is no segment called “{ $segment }”. Did you mean “{ $near }”?
segment-circle = the segment “{ $segment }” would ask for itself.
segment-all = everybody
segment-both = { $left } and { $right }
segment-either = { $left } or { $right }
segment-not = not { $inner }
segment-group = ({ $inner })
segment-is = { $field } is { $value }
segment-is-not = { $field } is not { $value }
segment-among = { $field } is one of { $value }
segment-less = { $field } below { $value }
segment-most = { $field } at most { $value }
segment-more = { $field } above { $value }
segment-least = { $field } at least { $value }
segment-known = { $field } is known
segment-unknown = { $field } is not known
segment-yes = { $field }
segment-no = { $field }: no
segment-day-is = { $field } on { $value }
segment-day-is-not = { $field } not on { $value }
segment-day-less = { $field } before { $value }
segment-day-most = { $field } on or before { $value }
segment-day-more = { $field } after { $value }
segment-day-least = { $field } on or after { $value }
segment-within = { $inner } within the last { $span }
segment-ago-is = { $field } exactly { $span } ago
segment-ago-is-not = { $field } not exactly { $span } ago
segment-ago-less = { $field } less than { $span } ago
segment-ago-most = { $field } within the last { $span }
segment-ago-more = { $field } more than { $span } ago
segment-ago-least = { $field } { $span } ago or more
segment-coming = { $field } within the next { $span }
segment-today = today
segment-this-month = this month
segment-next-month = next month
segment-days = { $count ->
    [one] 1 day
   *[other] { $count } days
}
segment-weeks = { $count ->
    [one] 1 week
   *[other] { $count } weeks
}
segment-months = { $count ->
    [one] 1 month
   *[other] { $count } months
}
segment-years = { $count ->
    [one] 1 year
   *[other] { $count } years
}
segment-field-language = language
segment-field-stage = stage
segment-field-owner = owner
segment-field-company = company
segment-field-source = source
segment-field-time-zone = time zone
segment-field-created = on record since a day
segment-field-birthday = birthday
segment-field-tag = tag
segment-field-consent-marketing = agreed to marketing
segment-field-channel = can be written to on the channel
segment-field-last-contact = last wrote to us
segment-field-orders = number of orders
segment-field-spent = spent, less what was given back,
segment-field-average-order = average order
segment-field-first-order = first order
segment-field-last-order = last order
segment-field-bought = bought product
segment-field-bought-sku = bought article number
segment-field-open-ticket = has an open ticket
segment-field-tickets = number of tickets
segment-field-rating = last rating
segment-field-campaigns = number of campaigns received
segment-field-recency = recency score (5: bought lately)
segment-field-frequency = frequency score (5: buys often)
segment-field-money = money score (5: spends much)
segment-field-segment = in the segment
