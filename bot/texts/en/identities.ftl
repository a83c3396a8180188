# One person in several places, and several records of one person.
place-telegram = Telegram
place-webchat = the web chat
place-memory = another chat
button-continue-telegram = Continue in Telegram
button-continue-webchat = Continue in the browser
button-continue-memory = Continue elsewhere
continue-here = Open this within { $minutes } minutes, and we go on there as if you had never left. It works once and is yours alone: please do not pass it on.
continue-nowhere = There is no other place to go on just now. I am here.
link-sure = Did you ask for this link yourself a moment ago? Then we go on here and there as one. If somebody else sent it to you, please leave it: they would be taken for you.
button-link-yes = Yes, that was me
link-done = We know each other from { $place }, too, from now on. You can write here or there, as you like.
link-unknown = This link has been used, has expired, or does not exist. Send /continue where you were to get a new one.
link-same-place = You are there already. This link is for another place.
link-staff = Links of customers are not for staff accounts.
link-not-now = These two chats cannot be joined. A colleague can help: /agent
phone-verified = Thank you. We know now that this number is yours.
merge-title = Customer { $other } ({ $other_name }) as part of customer { $kept } ({ $kept_name })?
merge-moves =
    It brings along { $addresses ->
        [one] one address
       *[other] { $addresses } addresses
    }, { $tickets ->
        [one] one ticket
       *[other] { $tickets } tickets
    } and { $orders ->
        [one] one order
       *[other] { $orders } orders
    }.
merge-conflict = { $field }: “{ $stays }” stays, not “{ $goes }”.
merge-fills = Filled in: { $fields }
merge-contacts = Added: { $contacts }
merge-tags = New tags: { $tags }
merge-consent-yes = Marketing: allowed, as the other record says.
merge-consent-no = Marketing: not allowed, as the other record says.
merge-because-phone = They have the same phone number, and one of them has shown that it is theirs.
merge-because-email = They have the same e-mail address, and the shop has confirmed one of them.
merge-because-order = One of them asked for an order of the other.
merge-field-name = Name
merge-field-birthday = Birthday
merge-field-company = Company
merge-field-language = Language
merge-field-time-zone = Time zone
button-merge = Merge
button-merge-swap = The other way round
button-merge-no = Two different people
button-merge-undo = Undo
merge-how = /merge shows who may be the same person. /merge 12 15 previews customer 15 as part of customer 12, /merge undo 12 takes the newest merge apart.
merge-none = There is nobody who seems to be on record twice.
merge-unknown = There is no customer { $number }.
merge-gone = This is settled already.
merge-done = Customer { $other } is part of customer { $kept } now. It can be undone until { $until }.
merge-declined = Good, they stay two people.
merge-undone = Customers { $kept } and { $other } are two people again, as they were.
merge-nothing-to-undo = Nothing was merged into this customer that could be undone.
merge-with-itself = That is one and the same customer.
merge-erased = The data of customer { $number } was erased. There is nothing left to merge.
merge-already = Customer { $number } is part of customer { $into } already. Please take that one.
merge-in-a-circle = Customer { $number } is part of customer { $into } already, so it cannot be the other way round as well.
merge-too-large = { $rows } things would move at once, and more than { $most } would hold everybody up. Please try it the other way round.
merge-undone-already = This merge has been undone already.
merge-too-late = A merge can be undone for { $days } days, and this one is older.
merge-built-upon = Another merge came after this one and builds on it. Please undo that one first.
left-out-merged = one person with somebody who gets it
