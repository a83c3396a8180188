"""Saved segments: questions about customers under a name, counted and sampled; nobody erased is ever in one."""

import re
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select

from crm_core import audit, segments
from crm_core.models import Attribute, Campaign, CampaignState, Customer, Segment
from crm_core.segments import KnownAttribute, KnownNames, Tree
from crm_core.storage.ids import new_id
from crm_core.work import Work

LONGEST_NAME: Final = 40
MOST: Final = 200  # segments on record
_NAME = re.compile(r"\w[\w .-]*")
_TO_DRAW: Final = (CampaignState.SCHEDULED, CampaignState.RUNNING, CampaignState.PAUSED)


class SegmentRefused(Exception):
    """This cannot be done with a saved segment; `key` names the sentence in the texts."""

    def __init__(self, key: str, **values: Any) -> None:
        super().__init__(key)
        self.key = key
        self.values = values


async def known(work: Work) -> KnownNames:
    """What questions may name: the attributes in use, and the saved segments."""
    attributes = await work.session.scalars(select(Attribute).where(Attribute.archived_at.is_(None)))
    return KnownNames(
        attributes={
            one.key: KnownAttribute(id=one.id, kind=one.kind, choices=tuple(one.choices), personal=one.personal)
            for one in attributes.all()
        },
        segments={one.name: one.text for one in await listed(work)},
    )


async def read(work: Work, text: str, saved_as: str = "") -> Tree:
    """What a text asks for, with what is on record of attributes and segments; raises SegmentError."""
    return segments.parse(text, await known(work), saved_as=saved_as)


def found_by(tree: Tree, work: Work, zone: str) -> ColumnElement[bool]:
    """The customers that a question finds, none of them erased or merged away; days are those of `zone`, the shop's."""
    return segments.compile(tree, work.now, zone) & Customer.key.is_not(None) & Customer.merged_into.is_(None)


async def count(work: Work, text: str, zone: str) -> int:
    """How many customers a question finds; raises SegmentError."""
    tree = await read(work, text)
    statement = select(func.count()).select_from(Customer).where(found_by(tree, work, zone))
    return await work.session.scalar(statement) or 0


async def sample(work: Work, text: str, size: int, zone: str) -> Sequence[Customer]:
    """The newest customers that a question finds; raises SegmentError."""
    tree = await read(work, text)
    statement = select(Customer).where(found_by(tree, work, zone)).order_by(Customer.id.desc()).limit(size)
    return (await work.session.scalars(statement)).all()


async def listed(work: Work) -> Sequence[Segment]:
    """All of them by name."""
    return (await work.session.scalars(select(Segment).order_by(Segment.name))).all()


async def by_name(work: Work, name: str) -> Segment | None:
    """The one with exactly this name."""
    return await work.session.scalar(select(Segment).where(Segment.name == name))


def check_name(name: str) -> str:
    """A name in normal form: letters, digits, blanks, dots and dashes."""
    plain = " ".join(name.split())
    if len(plain) > LONGEST_NAME or not _NAME.fullmatch(plain):
        raise SegmentRefused("segment-bad-name", segment=plain[:LONGEST_NAME], most=LONGEST_NAME)
    return plain


async def save(work: Work, name: str, text: str, staff_id: int | None) -> Segment:
    """Keep a question under a name; one that is there already asks this from now on. Raises SegmentError."""
    name = check_name(name)
    names = await known(work)
    segments.parse(text, names, saved_as=name)
    segment = await by_name(work, name)
    if segment is None:
        if len(names.segments) >= MOST:
            raise SegmentRefused("segment-too-many", most=MOST)
        segment = Segment(id=new_id(), name=name, created_by=staff_id, created_at=work.now)
        work.session.add(segment)
    segment.text = text
    segment.changed_at = work.now
    audit.enter(work, staff_id, "segment.save", f"segment:{name}")
    await work.session.flush()  # what follows in this work may ask for it by name
    return segment


async def rename(work: Work, name: str, new: str, staff_id: int | None) -> Segment:
    """Give it another name; refused while something names it, or when the new name is taken."""
    segment = await _unused(work, name)
    new = check_name(new)
    if new != name and await by_name(work, new) is not None:
        raise SegmentRefused("segment-taken", segment=new)
    segment.name = new
    segment.changed_at = work.now
    audit.enter(work, staff_id, "segment.rename", f"segment:{name}", to=new)
    await work.session.flush()
    return segment


async def delete(work: Work, name: str, staff_id: int | None) -> None:
    """Forget it; refused while a campaign that still draws its recipients, or another segment, asks for it."""
    segment = await _unused(work, name)
    await work.session.delete(segment)
    audit.enter(work, staff_id, "segment.delete", f"segment:{name}")
    await work.session.flush()


async def _unused(work: Work, name: str) -> Segment:
    segment = await by_name(work, name)
    if segment is None:
        raise SegmentRefused("segment-none", segment=name[:LONGEST_NAME])
    statement = select(Campaign).where(Campaign.state.in_(_TO_DRAW), Campaign.materialised_at.is_(None))
    for campaign in (await work.session.scalars(statement)).all():
        if name in segments.segments_in(campaign.audience):
            raise SegmentRefused("segment-in-campaign", segment=name, number=str(campaign.number))
    for other in await listed(work):
        if name in segments.segments_in(other.text):
            raise SegmentRefused("segment-in-segment", segment=name, other=other.name)
    return segment
