# What one colleague does not do alone, PINs, and who the colleagues are.
approval-asked = A second person has to agree to this, and is asked: { $names }. You are told when one of them answers; after 24 hours the question ends.
approval-nobody = A second person has to agree to this, and who could may not: two colleagues do not agree to each other's role. Ask another admin, or the operator at the command line.
approval-wanted = { $name } wants to { $what }. Do you agree?
approval-accepted = { $name } agrees: you may { $what }. The button does it, once, within 24 hours of asking.
approval-declined = { $name } does not agree that you { $what }.
approval-decided-yes = Noted: you agree. Who asked does it now.
approval-decided-no = Noted: you do not agree. Nothing is done.
approval-over = This question is over: it was answered, used or is older than 24 hours.
approval-own = This is about you, so somebody else decides.
approval-in-return = This colleague agreed to your role not long ago, so you do not decide about theirs.
approvals-none = Nothing waits for you to agree.
button-agree = I agree
button-disagree = I do not agree
button-do-it = Do it now
step-staff-role = make { $name } { $role }
step-staff-revoke = remove { $name } from the staff
step-campaign-send = send campaign { $number }
step-customer-erase = erase all that is kept about customer #{ $number }, { $name }
step-customer-export = hand out all that is kept about customer #{ $number }, { $name }

pin-choose = Write the PIN that you want, at least { $shortest } characters of any kind. It is stored so that nobody can read it. Delete your message afterwards if others can see this chat.
pin-old = Write the PIN that you have, then you choose another.
pin-ask = Nobody else is here to agree, so write your PIN.
pin-missing = Nobody else is here to agree, so this needs your PIN, and you have none yet. /pin chooses one; then press the button again.
pin-weak = That is no PIN: at least { $shortest } characters, and not all the same. Please write another.
pin-set = Your PIN is set.
pin-wrong = That is not your PIN. Please try again.
pin-right = That is right. The button does it, once.
pin-locked = Too many wrong PINs. In { $minutes ->
    [one] one minute
   *[other] { $minutes } minutes
} you can try again.
pin-left = Nothing was done.
pin-over = That took longer than 15 minutes. Please begin again.
pin-in-private = A PIN belongs in your private chat with me or on the desk page, not in a group.

staff-title = { $count ->
    [one] One colleague
   *[other] { $count } colleagues
}
staff-line = { $name } · { $role }
staff-line-team = { $name } · { $role } · team { $team }
staff-how = /staff role NAME ROLE changes a role, /staff team NAME TEAM puts somebody into a team, /staff revoke NAME removes somebody. New colleagues come by an invite: frontdesk invite.
staff-unknown = There is no colleague called { $name }. /staff lists them.
staff-ambiguous = Several colleagues are called { $name }. Write the number beside the name instead: /staff lists it.
staff-no-role = { $word } is no role. There are agent, supervisor, marketer and admin.
staff-role-sure = { $name } is { $before }. Make them { $after }?
staff-role-done = { $name } is { $role } from now on.
staff-revoke-sure = Remove { $name }? Their sessions and buttons end at once, and their tickets go back to the queue.
staff-revoked = { $name } is no colleague any more. If there is a staff group, remove them there, too.
staff-team-set = { $name } is in team { $team }.
staff-team-none = { $name } is in no team.
staff-own = Nobody changes their own role. Ask another admin.
staff-left = This colleague has left already.
staff-last-admin = This is the last admin. Make somebody else admin first.
button-change-role = Change the role
button-revoke = Remove
