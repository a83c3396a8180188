"""Numbers that people say and write: of tickets, campaigns, gaps and customers."""

from crm_core.models import Sequence as Numbers
from crm_core.work import Work


async def next_number(work: Work, name: str) -> int:
    """The next number of a numbered thing, without gaps that a rollback would leave."""
    return await next_numbers(work, name, 1)


async def next_numbers(work: Work, name: str, count: int) -> int:
    """The first of `count` numbers in a row, all of them taken now."""
    row = await work.session.get(Numbers, name, with_for_update=True)
    if row is None:
        row = Numbers(name=name, value=0)
        work.session.add(row)
        await work.session.flush()  # the next turn of this batch must find it
    row.value += count
    return row.value - count + 1
