"""What the tenants test puts into the addresses of routes: identifiers of another organisation."""

from __future__ import annotations

from typing import Any

from tests.factories.tenants import Tenant


def of_a_class(theirs: Tenant) -> dict[str, Any]:
    """Return the arguments of the routes of a class."""
    return {
        "class_uuid": theirs.one("class_session", "uuid"),
        "poll": theirs.one("class_poll", "uuid"),
        "poll_uuid": theirs.one("class_poll", "uuid"),
        "seat": theirs.one("class_seat"),
        "team_uuid": theirs.one("class_team", "uuid"),
        "check": theirs.one("class_team_check", "uuid"),
        "appeal": theirs.one("class_appeal", "uuid"),
        "task": theirs.one("class_group_task", "uuid"),
        # A secret of the room: who has the key of a projector may see it.
        "screen_key": "0" * 43,
    }


def of_paper(theirs: Tenant) -> dict[str, Any]:
    """Return the arguments of the routes of paper."""
    return {
        "answer": theirs.one("sheet_answer", "uuid"),
        "page": theirs.one("sheet_page", "uuid"),
        "printed": theirs.one("sheet_set", "uuid"),
        "table": theirs.one("mark_file", "uuid"),
        "upload": theirs.one("sheet_upload", "uuid"),
    }


def of_observing(theirs: Tenant) -> dict[str, Any]:
    """Return the arguments of the routes of observed practice."""
    return {
        "invitation": theirs.one("observation_invitation", "uuid"),
        "phone": theirs.one("observation_device", "uuid"),
        "capture": theirs.one("observation_capture", "uuid"),
        "photo": theirs.one("observation_photo", "uuid"),
    }


def of_records(theirs: Tenant) -> dict[str, Any]:
    """Return the arguments of the routes of warnings and of teachers' records."""
    return {
        "entry": theirs.one("teacher_entry", "uuid"),
        "qualification": theirs.one("assessor_qualification", "uuid"),
        "warning": theirs.one("early_warning", "uuid"),
    }


def of_administration(theirs: Tenant) -> dict[str, Any]:
    """Return the arguments of the routes of administrators and of the protocol."""
    return {
        "platform": theirs.one("registration"),
        "invite": theirs.one("registration_invite", "token_hash"),
        "invite_id": theirs.one("registration_invite"),
        "item": theirs.one("inbox_item"),
        "job_uuid": theirs.one("job", "uuid"),
        "session_uuid": theirs.one("admin_session", "uuid"),
        "token": theirs.one("admin_link", "token_hash"),
        "organisation_uuid": "00000000-0000-0000-0000-000000000000",
        "organisation": theirs.organisation_id,
        "run": theirs.one("import_run", "uuid"),
        "row": theirs.one("outbox"),
        "source": theirs.one("source", "key"),
        "state": theirs.one("launch_state", "state_hash"),
    }


def arguments_of(mine: Tenant, theirs: Tenant) -> dict[str, Any]:
    """Return every argument of a route: whose launch and choice ``mine`` says, all else of the other organisation."""
    return {
        **of_a_class(theirs),
        **of_paper(theirs),
        **of_observing(theirs),
        **of_records(theirs),
        **of_administration(theirs),
        "launch": mine.uuid_of(mine.teacher),
        "request_uuid": mine.chooser.base.strip("/").split("/")[1],
        "person_uuid": theirs.learner.who.person_uuid,
        "code": "SEM-1.1",
        "column_id": theirs.one("mastery_column"),
        "number": 1,
        "path": "cover.svg",
        "key": "sem-1-1-keywords-and-intent",
        "action": "go",
        "version": "0",
        "attempt": theirs.one("attempt", "uuid"),
        "change": theirs.one("link_change"),
        "work": theirs.one("submission", "uuid"),
        "file": theirs.one("submission_file", "uuid"),
        "unit": theirs.one("flipped_unit", "uuid"),
        "room": theirs.one("market_room", "uuid"),
        "review": theirs.one("peer_review", "uuid"),
        "sample": "umbrella-listed",
        "rubric": theirs.one("rubric_version"),
    }
