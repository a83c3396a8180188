"""Getting better: judging drawn turns, teaching a wording or a new article, and approving what colleagues propose."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bot.explaining import title_of
from bot.handlers.agent import no_ticket
from bot.handlers.publishing import lines_of, try_out, warning
from bot.handlers.why import Looked, look, question
from bot.message import Button, Reply
from bot.tell import person_of, tell_colleague
from bot.turn import Handler, Turn
from crm_core import articles, audit, conversations, learning, staff
from crm_core.learning import Opened
from crm_core.models import Interaction, Kind, Proposal, Role, Staff, Ticket
from crm_core.rules.knowledge import Draft, KnowledgeRefused, draft_from
from knowledge_base.replay import Replay

_CHOICES = 3
_LISTED = 5  # proposals shown at once
_TITLE = 80  # characters of a question that becomes the title of its article


def refused(turn: Turn, refusal: KnowledgeRefused) -> list[Reply]:
    """What cannot be done, in words."""
    values = {name: str(value) for name, value in refusal.values.items()}
    return [turn.reply(refusal.key.replace("_", "-"), **values)]


# ---- judging ----


async def judge(turn: Turn) -> list[Reply]:
    """`/judge`: the next drawn question with its candidates, or the verdict of a press and then the next one."""
    assert turn.staff is not None
    if turn.pressed is None or "judgement" not in turn.pressed.args:
        return await _next(turn, "judge-none")
    args = turn.pressed.args
    try:
        await learning.judge(
            turn.work,
            int(args["judgement"]),
            turn.staff.id,
            str(args["slug"]) or None,
            skipped=bool(args.get("skip")),
        )
    except KnowledgeRefused as refusal:
        return refused(turn, refusal)
    return await _next(turn, "judge-done")


async def _next(turn: Turn, nothing: str) -> list[Reply]:
    assert turn.staff is not None
    row = await learning.next_to_judge(turn.work, turn.staff.id, turn.shop.judge_per_week)
    if row is None:
        return [turn.reply(nothing)]
    asked = await turn.work.session.get_one(Interaction, row.interaction_id)
    words = await conversations.body_of(turn.work, asked)
    audit.enter(turn.work, turn.staff.id, "judgement.read", f"interaction:{asked.id}")

    def button(label: str, slug: str, *, skip: bool = False) -> Button:
        return Button(label=label, act="knowledge.judge", args={"judgement": str(row.id), "slug": slug, "skip": skip})

    candidates = tuple((button(_title(turn, slug, row.language), slug),) for slug in row.candidates)
    others = (button(turn.say("button-none-right"), ""), button(turn.say("button-skip"), "", skip=True))
    return [Reply(text=turn.say("judge-which", words=words[:1000]), buttons=(*candidates, others))]


def _title(turn: Turn, slug: str, language: str) -> str:
    found = turn.shop.articles.find(slug, language)
    return title_of(found) if found is not None else slug[:60]


# ---- teaching ----


async def teach(turn: Turn) -> list[Reply]:
    """`/learn` and the button: which article shall know the ticket's question; with words, they are proposed at once.

    `/learn refund` proposes the customer's wording for that article, `/learn refund other words` other words, and
    `/learn new question` a new article from the agent's answer, or from what follows on the next lines.
    """
    assert turn.staff is not None
    ticket, asked, words = await question(turn)
    if ticket is None:
        return no_ticket(turn)
    if asked is None:
        return [turn.reply("why-nothing", number=str(ticket.number))]
    target, _, wording = words.partition(" ")
    if not target:
        return await _choose(turn, ticket, asked)
    answer = await conversations.last_answer(turn.work, ticket.id)
    return await _propose(turn, asked, target, wording.strip(), answer)


async def _choose(turn: Turn, ticket: Ticket, asked: Interaction) -> list[Reply]:
    assert turn.staff is not None
    looked = turn.found
    words = await conversations.body_of(turn.work, asked)
    audit.enter(turn.work, turn.staff.id, "knowledge.teach", f"interaction:{asked.id}")
    rows = []
    if isinstance(looked, Looked) and looked.interaction_id == asked.id:
        for one in looked.match.candidates[:_CHOICES]:
            args = {"question": str(asked.id), "slug": one.article.id, "language": one.article.language}
            label = turn.say("button-add-to", title=title_of(one.article))
            rows.append((Button(label=label, act="knowledge.propose", args=args),))
    answer = await conversations.last_answer(turn.work, ticket.id)
    if answer is not None:
        args = {"question": str(asked.id), "slug": "", "answer": str(answer.id)}
        rows.append((Button(label=turn.say("button-new-article"), act="knowledge.propose", args=args),))
    key = "teach-which" if rows else "teach-which-none"
    return [Reply(text=turn.say(key, words=words[:1000], number=str(ticket.number)), buttons=tuple(rows))]


async def propose(turn: Turn) -> list[Reply]:
    """A button below a question that the colleague has read: its wording for an article, or a new article."""
    assert turn.pressed is not None
    args = turn.pressed.args
    asked = await turn.work.session.get(Interaction, int(args["question"]))
    if asked is None or asked.kind != Kind.MESSAGE:
        return [turn.reply("button-unknown")]
    answer = await turn.work.session.get(Interaction, int(args["answer"])) if "answer" in args else None
    return await _propose(turn, asked, str(args["slug"]) or "new", "", answer, str(args.get("language", "")))


async def _propose(
    turn: Turn, asked: Interaction, target: str, wording: str, answer: Interaction | None, language: str = ""
) -> list[Reply]:
    assert turn.staff is not None
    words = wording or await conversations.body_of(turn.work, asked)
    if target == "new":
        said, _, written = words.partition("\n") if wording else (words, "", "")
        answered = written.strip() or (await conversations.body_of(turn.work, answer) if answer else "")
        return await propose_new(turn, asked, await _language_of(turn, asked), said, answered)
    known = language or await _language_with(turn, asked, target)
    try:
        proposal = await learning.propose_phrasing(turn.work, turn.staff.id, asked, target, known, words)
    except KnowledgeRefused as refusal:
        return refused(turn, refusal)
    return await _proposed(turn, proposal)


async def propose_new(turn: Turn, asked: Interaction, language: str, wording: str, answer: str) -> list[Reply]:
    """Propose an article that answers a question; the wording is its phrasing and, shortened, its title."""
    assert turn.staff is not None
    said = " ".join(wording.split())
    try:
        proposal = await learning.propose_article(
            turn.work, turn.staff.id, asked, language=language, title=said[:_TITLE], wording=said, answer=answer
        )
    except KnowledgeRefused as refusal:
        return refused(turn, refusal)
    return await _proposed(turn, proposal)


async def _language_with(turn: Turn, asked: Interaction, slug: str) -> str:
    """The language in which there is such an article: the customer's if it can be."""
    own = await _language_of(turn, asked)
    for language in dict.fromkeys((own, *turn.shop.texts.languages)):
        if await articles.find(turn.work, slug, language) is not None:
            return language
    return own


async def _language_of(turn: Turn, asked: Interaction) -> str:
    """What a question is written in: by what the matcher made of it, else the customer's own language."""
    if isinstance(turn.found, Looked) and turn.found.interaction_id == asked.id:
        return turn.found.match.language
    identity, _conversation = await person_of(turn.work, asked.conversation_id)
    return turn.shop.texts.spoken(identity.language)


async def _proposed(turn: Turn, proposal: Proposal) -> list[Reply]:
    assert turn.staff is not None
    if not turn.shop.second_person_approves:
        return await _show(turn, await learning.opened(turn.work, proposal))
    for colleague in await staff.on_the_desk(turn.work):
        if colleague.id != turn.staff.id and colleague.role in (Role.SUPERVISOR, Role.ADMIN):
            await tell_colleague(turn.work, turn.shop, colleague.id, "proposal-waits", name=turn.staff.name)
    return [turn.reply("proposed", slug=proposal.slug)]


# ---- approving ----


async def proposals(turn: Turn) -> list[Reply]:
    """`/proposals`: what waits for an approval, oldest first."""
    assert turn.staff is not None
    waiting = await learning.open_proposals(turn.work, _LISTED)
    if not waiting:
        return [turn.reply("proposals-none")]
    replies: list[Reply] = []
    for one in waiting:
        audit.enter(turn.work, turn.staff.id, "proposal.read", f"proposal:{one.proposal.id}")
        replies += await _show(turn, one)
    return replies


async def _show(turn: Turn, one: Opened) -> list[Reply]:
    assert turn.staff is not None
    row = one.proposal
    by = await turn.work.session.get(Staff, row.proposed_by) if row.proposed_by else None
    key = "proposal-phrasing" if row.kind == learning.PHRASING else "proposal-article"
    text = turn.say(
        key,
        name=by.name if by else "?",
        title=_title(turn, row.slug, row.language) if row.kind == learning.PHRASING else one.title,
        slug=row.slug,
        wording=one.wording,
        answer=one.answer,
    )
    number = str(row.id)
    reject = turn.button("button-reject", "knowledge.reject", proposal=number)
    if turn.shop.second_person_approves and row.proposed_by == turn.staff.id:
        return [Reply(text=f"{text}\n{turn.say('proposal-own')}", buttons=((reject,),))]
    approve = turn.button("button-approve", "knowledge.approve", proposal=number)
    return [Reply(text=text, buttons=((approve, reject),))]


async def look_approve(turn: Turn) -> Callable[[], Any] | None:
    """What approving would change, worked out before anything changes."""
    if turn.pressed is None or turn.pressed.args.get("anyway"):
        return None
    row = await turn.work.session.get(Proposal, int(turn.pressed.args["proposal"]))
    if row is None or row.state != learning.OPEN:
        return None
    draft = await _draft_of(turn, await learning.opened(turn.work, row))
    return await try_out(turn, draft) if draft is not None else None


async def _draft_of(turn: Turn, one: Opened) -> Draft | None:
    """The article as it would be once this is approved; None when it is gone."""
    row = one.proposal
    if row.kind == learning.PHRASING:
        known = await articles.find(turn.work, row.slug, row.language)
        if known is None:
            return None
        draft = draft_from(known)
        return replace(draft, phrasings=(*draft.phrasings, one.wording))
    return Draft(
        slug=row.slug, language=row.language, title=one.title, category="", phrasings=(one.wording,), answer=one.answer
    )


async def approve(turn: Turn) -> list[Reply]:
    """Let a proposal count; when it would make right answers wrong, only after a second, explicit word."""
    assert turn.staff is not None
    assert turn.pressed is not None
    number = str(turn.pressed.args["proposal"])
    if isinstance(turn.found, Replay) and turn.found.regression:
        anyway = turn.button("button-approve-anyway", "knowledge.approve", proposal=number, anyway=True)
        reject = turn.button("button-reject", "knowledge.reject", proposal=number)
        return [await warning(turn, turn.found, anyway, reject)]
    row = await turn.work.session.get(Proposal, int(number))
    proposer = row.proposed_by if row is not None else None
    try:
        done = await learning.approve(
            turn.work, int(number), turn.staff, second_person=turn.shop.second_person_approves
        )
    except KnowledgeRefused as refusal:
        return refused(turn, refusal)
    if proposer is not None and proposer != turn.staff.id:
        await tell_colleague(turn.work, turn.shop, proposer, "proposal-approved", slug=done.slug)
    lines = [turn.say("approved" if done.changed else "approved-known", slug=done.slug)]
    if done.gap is not None:
        lines.append(turn.say("approved-gap", number=str(done.gap)))
    if isinstance(turn.found, Replay):
        lines += await lines_of(turn, turn.found)
    return [Reply(text="\n".join(lines))]


async def reject(turn: Turn) -> list[Reply]:
    """Let a proposal lie."""
    assert turn.staff is not None
    assert turn.pressed is not None
    try:
        row = await learning.reject(turn.work, int(turn.pressed.args["proposal"]), turn.staff)
    except KnowledgeRefused as refusal:
        return refused(turn, refusal)
    if row.proposed_by is not None and row.proposed_by != turn.staff.id:
        await tell_colleague(turn.work, turn.shop, row.proposed_by, "proposal-rejected", slug=row.slug)
    return [turn.reply("rejected", slug=row.slug)]


HANDLER = Handler(
    name="learning",
    commands={
        "/judge": ("knowledge.judge", judge),
        "/learn": ("knowledge.teach", teach),
        "/proposals": ("knowledge.approve", proposals),
    },
    acts={
        "knowledge.judge": judge,
        "knowledge.teach": teach,
        "knowledge.propose": propose,
        "knowledge.approve": approve,
        "knowledge.reject": reject,
    },
    ahead={"knowledge.teach": look, "knowledge.approve": look_approve},
)
