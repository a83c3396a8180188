"""The threshold in force: from which confidence on the bot answers, as the judged turns on record tell."""

from crm_core import learning
from crm_core.work import Work
from knowledge_base.calibration import MOST_JUDGED, Calibration, Judged, calibrate


async def calibration_of(work: Work, wrong_answers_at_most: float) -> Calibration:
    """What the newest judged turns say; with too few of them the value that ships with Frontdesk."""
    rows = await learning.judged(work, MOST_JUDGED)
    judged = [Judged(confidence, right) for confidence, right in rows]
    return calibrate(judged, wrong_answers_at_most, between=True)  # docs/decisions/0018
