"""Forgets what an erased learner typed in class, and the devices. That somebody voted stays, of a pseudonym."""

from __future__ import annotations

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from lti_tool.models import ClassDevice, ClassSeat, ClassVote
from lti_tool.services.classes.team_erasure import forget_teams


def forget_class(session: Session, organisation_id: int, person_id: int) -> None:
    """Delete typed answers, what was written in teams and devices of an erased learner."""
    forget_teams(session, organisation_id, person_id)
    seats = select(ClassSeat.id).where(ClassSeat.organisation_id == organisation_id, ClassSeat.person_id == person_id)
    session.execute(
        update(ClassVote)
        .where(ClassVote.organisation_id == organisation_id, ClassVote.class_seat_id.in_(seats))
        .values(text_sealed=None)
        .execution_options(synchronize_session=False)
    )
    devices = select(ClassDevice.id).where(
        ClassDevice.organisation_id == organisation_id, ClassDevice.person_id == person_id
    )
    session.execute(
        update(ClassSeat)
        .where(ClassSeat.organisation_id == organisation_id, ClassSeat.device_id.in_(devices))
        .values(device_id=None)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        delete(ClassDevice).where(ClassDevice.organisation_id == organisation_id, ClassDevice.person_id == person_id)
    )
