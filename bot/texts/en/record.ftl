# The customer's record: what is refused.
record-empty = There is nothing in it.
record-long = That is { $length } characters; at most { $most } fit here.
record-no-email = “{ $text }” is no e-mail address. It should look like ana@example.com.
record-no-phone = “{ $text }” is no phone number. It should have at least five digits, best with its country: +49 151 123456.
record-no-day = “{ $text }” is no day. Please write it as 1990-03-27.
record-no-birthday = { $day } cannot be a birthday: it should be between { $earliest } and today.
record-no-language = I know no language “{ $text }”. Please write its name or its code, such as en or zh.
record-no-zone = I know no time zone “{ $text }”. Perhaps { $near }?
record-no-field = I know no field “{ $field }”.
record-erased = The data of customer #{ $number } was erased. Nothing can be written to this record any more.
record-merged = Customer #{ $number } was merged into another record. Please open that one.
contact-known = { $value } is on this record already.
contact-many = There are { $most } of these already, and more do not fit. Please remove one first.
contact-gone = This is not on the record any more.
tag-many = There are { $most } tags on this customer already. Please remove one first.
tag-not-there = There is no tag “{ $tag }” on this customer.
attribute-unknown = There is no attribute called “{ $attribute }”.
attribute-bad-key = “{ $attribute }” cannot name an attribute: it takes up to 40 lower-case letters, digits and _, and begins with a letter.
attribute-bad-kind = “{ $kind }” is no kind of attribute. There are: { $kinds }.
attribute-in-use = Customers have values in “{ $attribute }” already, so its kind, and whether it is personal, cannot change. Archive it and define another.
attribute-choices = A choice needs 2 to { $most } different words, and these are { $length }.
attribute-long = { $attribute } takes { $most } characters at most, and this has { $length }.
attribute-no-number = { $attribute } should be a number, and is “{ $text }”.
attribute-no-day = { $attribute } should be a day such as 2026-03-01, and is “{ $text }”.
attribute-no-choice = { $attribute } should be one of { $choices }, and is “{ $text }”.
attribute-no-yes-no = { $attribute } should be yes or no, and is “{ $text }”.
contact-not-there = “{ $text }” is not on this record.

# The card.
customer-title = { $name } · #{ $number }
customer-stage = { $stage } since { $day }
customer-line = { $field }: { $value }
customer-addresses = { $count ->
    [one] One address on record
   *[other] { $count } addresses on record
}
customer-orders = { $count ->
    [one] One order, { $total }, on { $day }
   *[other] { $count } orders, { $total }, the last on { $day }
}
customer-consent-yes = Offers and news: yes, since { $day }
customer-consent-no = Offers and news: no, since { $day }
customer-tickets = { $count ->
    [one] Open ticket: { $numbers }
   *[other] Open tickets: { $numbers }
}
customer-last-contact = Last wrote: { $at }
customer-notes = { $count ->
    [0] No notes yet
    [one] One note
   *[other] { $count } notes
}
customer-note = { $at } { $by }: { $text }
customer-tags = { $count ->
    [0] No tags yet
    [one] One tag
   *[other] { $count } tags
}
contact-verified = verified
contact-main = (main)
value-yes = yes
value-no = no
by-nobody = Frontdesk
field-name = Name
field-further-name = Also called
field-phone = Phone
field-email = E-mail
field-address = Address
field-language = Language
field-time-zone = Time zone
field-birthday = Birthday
field-company = Company
field-owner = Looked after by
field-tag = Tags
field-note = Note
field-main-name = Main name
field-main-phone = Main phone
field-main-email = Main e-mail
field-main-address = Main address
button-reveal = Show in full
button-timeline = Timeline
button-notes = Notes
button-edit-customer = Edit
button-tags = Tags
button-ticket = Ticket #{ $number }
button-card = Card
button-older = Older
button-add-note = Add a note
button-add-tag = Add a tag
button-remove-tag = Remove { $tag }
button-remove-contact = Remove { $place }
button-main-contact = Make { $place } the main one
button-empty = Leave empty
button-leave = Leave it as it is

# Finding and changing.
customer-which = Whom do you mean? For example: /customer 12, /customer lin xia, /customer +49 151 123456, /customer tag:tea, or the number of an order. To change something: /customer 12 phone +49 151 123456. Fields: name, alias, phone, email, address, language, zone, birthday, company, owner, tag, note, and your own attributes. A minus takes away: /customer 12 tag -tea, /customer 12 company -
customer-none = I find nobody for “{ $words }”. A number, an order's number, a whole phone number or e-mail address, words of a name, or tag:tea would do.
customer-found = { $count ->
    [one] One customer
   *[other] { $count } customers
}
customer-found-many = More than { $count } customers; here are the nearest
customer-hit = #{ $number } { $name } · { $stage } { $company }
customer-changed = #{ $number }: { $field } is changed.
customer-emptied = #{ $number }: { $field } is empty now.
customer-added = #{ $number }: { $field } is added.
customer-removed = #{ $number }: { $field } is removed.
customer-main = #{ $number }: this is the main one now.
customer-noted = #{ $number }: the note is kept.
customer-left = Nothing was changed.
customer-edit-what = What shall change?
customer-edit-by-line = Here a change is written in one line, for example: /customer phone +49 151 123456, /customer tag tea, /customer company -
customer-ask-value = { $field } of #{ $number }: please write what it should be.
customer-how-day = For example: 1990-03-27
customer-how-text = Some words.
customer-how-number = A number, for example 42 or 1.5
customer-how-date = A day, for example 2026-03-01
customer-how-choice = One of: { $choices }
customer-how-yes-no = Yes or no.

# The timeline.
timeline-title = Timeline of { $name } · #{ $number }
timeline-none = There is nothing before this.
timeline-message = wrote: { $text }
timeline-press = chose “{ $text }”
timeline-reply = bot: { $text }
timeline-agent = { $by }: { $text }
timeline-note = note by { $by }: { $text }
timeline-campaign = campaign: { $text }
timeline-follow-up = follow-up: { $text }
timeline-ticket-opened = ticket #{ $number } opened
timeline-ticket-claimed = ticket #{ $number } claimed by { $by }
timeline-ticket-handed-on = ticket #{ $number } handed on by { $by }
timeline-ticket-resolved = ticket #{ $number } resolved by { $by }
timeline-ticket-reopened = ticket #{ $number } reopened
timeline-ticket-rated = ticket #{ $number } rated { $stars } of 5
timeline-ordered = ordered { $order }, { $total }
timeline-order = order { $order }: { $state }
timeline-payment = order { $order }: { $total } paid
timeline-refund = order { $order }: { $total } given back
timeline-consent-yes = agreed to offers and news
timeline-consent-no = wants no offers and news
timeline-change = { $field }: “{ $before }” became “{ $after }” ({ $by })
timeline-set = { $field }: “{ $after }” ({ $by })
timeline-emptied = { $field }: “{ $before }” taken away ({ $by })
timeline-stage = { $before } became { $after }
timeline-merge = customer #{ $number } was merged into this record
timeline-merge-undone = customer #{ $number } was merged into this record, and parted again
timeline-created = first on record
