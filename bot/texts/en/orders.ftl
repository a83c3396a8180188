# Orders: what customers and staff are told of them, and why one was not taken.
order-state-placed = placed
order-state-paid = paid
order-state-packed = packed
order-state-shipped = shipped
order-state-delivered = delivered
order-state-cancelled = cancelled
order-state-returned = returned
order-amount = { $amount } is no amount that can be booked: it should be above zero, and in whole minor units of its currency.
order-refund-too-much = { $amount } cannot be given back: of what was paid, { $left } is left.
order-payment-differs = Reference { $reference } of order { $order } is on record with another amount or as the other kind. Choose another reference.
order-currency-changed = Order { $order } has payments in another currency, so its currency cannot change.
order-customer-erased = Order { $order } is of a customer whose data was erased; it was not taken.
order-state-older = Order { $order } has come to another state since: it is { $standing }. Name a later time.
order-of-nobody = Order { $order } names neither an e-mail address nor a phone number, so nobody could ever claim it.
