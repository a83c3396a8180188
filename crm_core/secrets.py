"""The installation's secrets, such as the bot's token: sealed under the key of the house, and never shown again."""

from sqlalchemy import delete, select

from crm_core import audit
from crm_core.models import Secret
from crm_core.work import Work


async def put(work: Work, name: str, value: str) -> None:
    """Keep a secret under a name, in place of the one before."""
    sealed = work.vault.seal(value, _place(name), None)
    row = await work.session.get(Secret, name)
    if row is None:
        work.session.add(Secret(name=name, value=sealed, changed_at=work.now))
    else:
        row.value, row.changed_at = sealed, work.now
    audit.enter(work, None, "secret.set", f"secret:{name}")


async def remove(work: Work, name: str) -> bool:
    """Forget a secret; whether there was one."""
    if await work.session.get(Secret, name) is None:
        return False
    await work.session.execute(delete(Secret).where(Secret.name == name))
    audit.enter(work, None, "secret.remove", f"secret:{name}")
    return True


async def rows(work: Work) -> list[Secret]:
    """Every secret by its name, still sealed."""
    return list(await work.session.scalars(select(Secret).order_by(Secret.name)))


async def read_all(work: Work) -> dict[str, str]:
    """Every secret in clear, by its name; raises VaultError for one that was changed outside."""
    return {row.name: work.vault.open(row.value, _place(row.name), None) for row in await rows(work)}


def _place(name: str) -> str:
    return f"secret.value:{name}"
