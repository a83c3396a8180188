# What is kept of somebody, given out and erased.
privacy-title = What { $shop } keeps about you
privacy-since = You are customer { $number }, since { $day }.
privacy-messages = { $count ->
    [one] One message between you and us
   *[other] { $count } messages between you and us
}
privacy-files = { $count ->
    [one] One photo or document
   *[other] { $count } photos and documents
}
privacy-contacts = { $count ->
    [one] One way to reach you
   *[other] { $count } ways to reach you
}
privacy-notes = { $count ->
    [one] One note that a colleague wrote down
   *[other] { $count } notes that colleagues wrote down
}
privacy-orders = { $count ->
    [one] One order
   *[other] { $count } orders
}
privacy-tickets = { $count ->
    [one] One request that a person looked after
   *[other] { $count } requests that a person looked after
}
privacy-consent-yes = Offers and news: you agreed on { $day }, for { $place }.
privacy-consent-no = Offers and news: you declined on { $day }, for all channels.
privacy-consent-none = Offers and news: you have not agreed, so we send none.
place-everywhere = all channels
place-shop = the shop's own account
button-export-me = Give me all of it
button-subscribe = Offers and news, please
button-stop = No more offers and news
button-erase-me = Delete all of it
privacy-export = Here is everything that we keep about you. The file person.json can be opened with any editor. We remove our copy of this archive after 7 days.
erase-sure =
    Shall { $shop } forget you? Your name, contact details, messages, files and notes are deleted for good, within a minute, and open requests are closed. Orders stay in the books as figures without you. Messages in this chat on your own device stay until you delete them yourself.

    Nobody can undo this.
button-erase-me-yes = Yes, forget me for good
button-erase-no = No, keep everything
erase-kept = Nothing was deleted.
erase-asked = It is under way: within a minute nothing of you is left with us but figures. Goodbye. If you write again, we meet for the first time.
erase-already = This was asked for already; nothing more is to be done.
button-export-customer = Export…
customer-export = Here is everything that we keep about customer { $number }. It is removed after 7 days.
button-erase-customer = Erase…
erase-customer-sure =
    Erase customer { $number } for good? Name, contacts, messages, files and notes are gone within a minute, open tickets are closed, and orders stay as figures. Nobody can undo this.
button-erase-yes = Yes, erase { $number }
erase-customer-asked = Customer { $number } is being erased; within a minute it is done.
help-privacy = what we keep about you, and how to get or delete it
help-deletemydata = have everything about you deleted
