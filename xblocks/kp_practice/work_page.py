"""What a learner is shown of the own work that people judge: by what, what was handed in, what was said once released."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from qualoop.assessment.marking import Stage, sheet_points
from qualoop.classroom import work_marks
from qualoop.classroom.class_marks import Scheme, released_share, sheet_in
from qualoop.classroom.register import RELEASED, Register
from xblocks.common import pages
from xblocks.common import register_store as store
from xblocks.common.host import BlockHost
from xblocks.common.learner import block_user
from xblocks.common.rubric_view import rubric_rows, said_rows
from xblocks.kp_practice import texts
from xblocks.kp_practice.fields import release_moment


class JudgedHost(BlockHost):
    """A block as a host of the player, of a project that people judge."""

    @property
    def work_panel(self) -> str:
        """Return what stands below the learner's run."""
        scheme = self.block.scheme()
        return work_panel(self, scheme) if scheme is not None else ""

    @property
    def work_url(self) -> str:
        """Return where on the page the work stands."""
        return f"#{self.id_prefix}-work"


def work_panel(host: BlockHost, scheme: Scheme) -> str:
    """Return the learner's work, its rubric and its marks, as HTML without the element around it."""
    block, language, user = host.block, host.language, block_user(host.block)
    register, key = store.read(block), user.key or ""
    work, stage = work_marks.newest_work(register, key), work_marks.told_stage(register, key, scheme)
    return pages.draw(
        "work_panel.html",
        host,
        is_staff=user.is_staff,
        work=work,
        handed_in=moment_words(work.at) if work else "",
        text=texts.read(block, key, work.attempt) if work else None,
        stage=stage.value if stage is not None else "",
        release_at=_release_words(block, stage),
        marks=marks_of(register, key, scheme, language),
        rubric=rubric_rows(scheme.rubric, language) if scheme.rubric is not None else [],
        title=scheme.rubric.title[language] if scheme.rubric is not None else "",
    )


def marks_of(register: Register, learner: str, scheme: Scheme, language: str) -> dict[str, Any] | None:
    """Return what is released of a learner: never a draft."""
    released = register.value(learner, RELEASED)
    share, rubric = released_share(released), scheme.rubric
    if share is None or rubric is None:
        return None
    sheet = sheet_in(released.get("rubric"))
    # Of a rubric that was changed since, the words would be of other levels than those that were meant.
    is_same = (released.get("rubric") or {}).get("version") == scheme.version
    work = work_marks.newest_work(register, learner)
    return {
        "share": f"{float(share) * 100:.0f}",
        "own": f"{float(released['own']) * 100:.0f}"
        if "own" in released and released["own"] != share.as_text()
        else "",
        "points": f"{sheet_points(sheet):f}" if is_same else "",
        "full": f"{rubric.highest:f}",
        "rows": said_rows(rubric, sheet, language) if is_same else [],
        "overall": sheet.overall,
        "is_of_earlier": work is not None and released.get("attempt") != work.attempt,
    }


def moment_words(at: datetime) -> dict[str, str]:
    """Return a moment as a page shows it."""
    return {"at": at.isoformat(), "words": f"{at:%Y-%m-%d %H:%M} UTC"}


def _release_words(block: Any, stage: Stage | None) -> dict[str, str] | None:
    at = release_moment(block)
    return moment_words(at) if at is not None and stage not in {None, Stage.RELEASED} else None
