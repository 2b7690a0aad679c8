"""The sentences of sheets of paper: why something was refused, what is wrong with a page, what stands on a sheet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lti_tool.lti.errors import translatable
from lti_tool.services.sheets.sheets import PrintWords
from lti_tool.views.host import catalogue

REFUSED: Final[Mapping[str, str]] = {
    "nobody": translatable("Nobody is on the class list yet. Ask for blank sheets, or read the list first."),
    "no-items": translatable("Choose at least one question."),
    "too-many-items": translatable("Choose at most 40 questions."),
    "item-unfit": translatable("One of these questions cannot be put on paper, or is not installed any more."),
    "sheet-too-long": translatable("These questions do not fit on nine pages. Choose fewer."),
    "paper-unavailable": translatable(
        "Paper needs a part of this tool that is not installed here: qualoop[paper]. Ask the person who runs it."
    ),
    "no-files": translatable("Choose one or more files."),
    "too-much": translatable("At most 60 files and 80 MB at a time."),
    "too-many-pages": translatable("At most 400 pages in a file, and 600 at a time."),
    "too-large": translatable("This picture is too large: at most 40 million pixels."),
    "unreadable": translatable("This is no PDF, JPEG, PNG or TIFF, or it is damaged."),
    "too-slow": translatable("The files before this one took too long to open, so this one was not looked at."),
    "opener-unavailable": translatable(
        "The server can open no files just now. Nothing was kept. Try it again in a few minutes."
    ),
    "upload-moved": translatable("This upload had moved on when your page was sent. Nothing was changed."),
    "matter-missing": translatable("This was decided before, perhaps by somebody else. Nothing was changed."),
    "not-offered": translatable("This is not one of the choices offered."),
    "one-only": translatable("Only one circle of this question can be right. Choose one, or leave it out."),
    "no-person": translatable("Choose whose sheet it is."),
    "no-mark": translatable("Choose a mark."),
    "not-blank": translatable("This page is not empty."),
    "not-copy": translatable("This page has not come before."),
    "recorded": translatable("What came before is recorded. Take that upload back first."),
    "has-learner": translatable("This sheet has its learner already."),
    "second-sheet": translatable("Another sheet of this learner has come back. Put one of the two aside first."),
    "nothing": translatable("There is nothing to record."),
}
REMEDIES: Final[Mapping[str, str]] = {
    "unreadable": translatable("Scan it again, or save it as PDF, JPEG or PNG, and upload it by itself."),
    "too-large": translatable("Save the picture smaller, and upload it by itself."),
    "too-many-pages": translatable("Divide it into smaller files, and upload them by themselves."),
    "too-slow": translatable("Upload it by itself."),
}
"""What to do with a file that was not taken, while the others of its upload were."""
PROBLEMS: Final[Mapping[str, str]] = {
    "unknown-sheet": translatable("No sheet of this course: there is no QR code, or it cannot be read."),
    "no-corner-marks": translatable(
        "Not all four corner marks can be seen, so nothing can be read. Scan it again, flat and whole."
    ),
    "blank-sheet": translatable("Nothing is marked on this page."),
    "no-learner": translatable("A blank sheet: whose is it?"),
    "copy": translatable("This page has come before."),
    "second-sheet": translatable("Another sheet of this learner has come before."),
    "unreadable": translatable(
        "This page cannot be opened: it is damaged, or takes too long. Scan it again, or save it as JPEG or PNG."
    ),
}
FINDINGS: Final[Mapping[str, str]] = {
    "double": translatable("More than one circle is filled."),
    "faint": translatable("A circle is neither empty nor full."),
    "unmarked": translatable("Written by hand and not marked yet."),
}
UNFIT: Final[Mapping[str, str]] = {
    "picture": translatable("has a picture"),
    "moved": translatable("has things to be moved or pointed at"),
    "long": translatable("is too long"),
}


def print_words(language: str, course: str) -> PrintWords:
    """Return the words of a sheet in its language."""
    gettext = catalogue(language).gettext

    def foot(version: str, page: int, of: int) -> str:
        place = gettext("page %(page)d of %(of)d") % {"page": page, "of": of}
        return gettext("Version %(version)s · %(place)s") % {"version": version, "place": place} if version else place

    return PrintWords(
        course=course,
        nobody=gettext("Not in the course any more"),
        foot=foot,
        fixed={
            "fill": gettext("Fill the circle of your answer completely. Rub mistakes out."),
            "name": gettext("Name"),
            "number": gettext("Student number"),
            "teacher": gettext("For the teacher"),
        },
    )
