"""The plug-in's tables, all named `qualoop_…`. `learner` is the platform's external id of type `lti` everywhere."""

from __future__ import annotations

from typing import Final

from django.db import models

ID_LENGTH: Final = 255
"""Characters of an id of a learner, a course or a place in it, as Open edX bounds its keys."""


class EvidenceOutbox(models.Model):
    """What a learner's evidence waits for: one row for each, with the columns of the tool's outbox.

    ``rev`` is the number of the learner's newest event that counts. ``attempts`` counts tries since the last success. While a row is
    leased nobody else sends events of its learner, so they arrive in their order.
    """

    learner = models.CharField(max_length=ID_LENGTH, unique=True)
    rev = models.PositiveBigIntegerField(default=0)
    state = models.CharField(max_length=16, default="due")
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField()
    lease = models.CharField(max_length=36, default="", blank=True, db_index=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    last_status = models.PositiveIntegerField(null=True, blank=True)
    last_error = models.CharField(max_length=64, default="", blank=True)
    updated_at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=["state", "next_at"], name="qualoop_outbox_due"),)


class ContentVersion(models.Model):
    """A version of an activity whose parts and tags the tool must know; ``registration`` is the message, as JSON."""

    activity = models.CharField(max_length=64)
    content = models.CharField(max_length=64)
    registration = models.TextField()
    state = models.CharField(max_length=16, default="due", db_index=True)
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField()
    last_error = models.CharField(max_length=64, default="", blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["activity", "content"], name="qualoop_version_once"),)


class EvidenceEvent(models.Model):
    """One event, as it is sent: ``payload`` never changes, and is emptied some time after the tool has it.

    ``sequence`` is None for what staff did: it counts for nobody, and leaves no gap in the numbers of what does.
    ``state`` is waiting, sent or refused (the dead letter); ``outcome`` is the tool's word, ``problem`` its code.
    """

    event_id = models.UUIDField(unique=True)
    outbox = models.ForeignKey(EvidenceOutbox, on_delete=models.CASCADE, related_name="events")
    sequence = models.PositiveBigIntegerField(null=True, blank=True)
    course = models.CharField(max_length=ID_LENGTH)
    usage = models.CharField(max_length=ID_LENGTH)
    version = models.ForeignKey(ContentVersion, on_delete=models.PROTECT, related_name="+")
    payload = models.TextField()
    state = models.CharField(max_length=16, default="waiting")
    outcome = models.CharField(max_length=16, default="", blank=True)
    problem = models.CharField(max_length=255, default="", blank=True)
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (models.Index(fields=["state", "created_at"], name="qualoop_event_waiting"),)
        constraints = (models.UniqueConstraint(fields=["outbox", "sequence"], name="qualoop_event_numbered"),)


class CourseMastery(models.Model):
    """What the tool said last of one learner in one course: the cache that blocks read. It can be filled again.

    ``points`` are knowledge points as `qualoop.exchange.KnowledgePointState` writes them, ``following`` what to do next or
    null; ``as_of`` is when the tool computed them.
    """

    learner = models.CharField(max_length=ID_LENGTH)
    course = models.CharField(max_length=ID_LENGTH, db_index=True)
    framework = models.CharField(max_length=80)
    points = models.JSONField()
    following = models.JSONField(null=True)
    as_of = models.DateTimeField()
    told_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["learner", "course"], name="qualoop_mastery_once"),)


class Cursor(models.Model):
    """How far the changes were read. ``anew_since`` is when a telling of everybody began that is not over yet.

    ``current_at`` is when there was last nothing newer to read; a lease keeps two readers apart.
    """

    name = models.CharField(max_length=16, unique=True)
    value = models.CharField(max_length=128, default="", blank=True)
    anew_since = models.DateTimeField(null=True, blank=True)
    current_at = models.DateTimeField(null=True, blank=True)
    lease = models.CharField(max_length=36, default="", blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=64, default="", blank=True)


class GradeCheck(models.Model):
    """A learner in a course whose grades are to be compared with what blocks keep, since something happened there."""

    learner = models.CharField(max_length=ID_LENGTH)
    course = models.CharField(max_length=ID_LENGTH)
    asked_at = models.DateTimeField()
    checked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["learner", "course"], name="qualoop_check_once"),)


class Difference(models.Model):
    """What did not agree, by ``kind``: grade-missing (published again), evidence-missing."""

    learner = models.CharField(max_length=ID_LENGTH)
    course = models.CharField(max_length=ID_LENGTH)
    usage = models.CharField(max_length=ID_LENGTH)
    kind = models.CharField(max_length=32, db_index=True)
    noted_at = models.DateTimeField()
    repaired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        # Short enough an index for MySQL: learners' ids are long only where a site made them so.
        indexes = (models.Index(fields=["learner", "kind"], name="qualoop_difference_of"),)


class GradeOverride(models.Model):
    """The grade that staff set at a place of a course, as it stands there: ``share`` of its maximum, '' once taken back.

    ``override_id`` is another one after each change: under it the tool knows a repeat.
    """

    learner = models.CharField(max_length=ID_LENGTH, db_index=True)
    course = models.CharField(max_length=ID_LENGTH)
    usage = models.CharField(max_length=ID_LENGTH)
    override_id = models.UUIDField(unique=True)
    share = models.CharField(max_length=16, default="", blank=True)
    noted_at = models.DateTimeField()
    state = models.CharField(max_length=16, default="due", db_index=True)
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField()
    last_error = models.CharField(max_length=64, default="", blank=True)


class ClassRegister(models.Model):
    """What staff and learners wrote at one block, a class or a project that people judge: ``document`` is `qualoop.classroom.register`'s, as JSON.

    ``version`` grows with every writing. Whoever writes raises it first, which locks the row until the end of the transaction.
    """

    usage = models.CharField(max_length=ID_LENGTH, unique=True)
    course = models.CharField(max_length=ID_LENGTH, db_index=True)
    version = models.PositiveBigIntegerField(default=0)
    document = models.TextField(default="{}")
    updated_at = models.DateTimeField()


class HandedInWork(models.Model):
    """The text of a work that people judge, of one attempt at one block. What is said of it stands in the block's register."""

    usage = models.CharField(max_length=ID_LENGTH)
    learner = models.CharField(max_length=ID_LENGTH, db_index=True)
    attempt = models.CharField(max_length=36)
    text = models.TextField()
    handed_in_at = models.DateTimeField()

    class Meta:
        # A random id tells works apart by itself: an index over learner and usage would be too long for MySQL.
        constraints = (models.UniqueConstraint(fields=["attempt"], name="qualoop_work_once"),)


class RetiredLearner(models.Model):
    """Somebody whom the platform has retired, by the SHA-256 of the id: nothing of them is kept here again."""

    digest = models.CharField(max_length=64, unique=True)
