"""The platform's table of learners' states: `lms.djangoapps.courseware.models.StudentModule`."""

from __future__ import annotations

from django.db import models


class StudentModule(models.Model):
    """What blocks keep of one learner at one place, as JSON by names of fields, and the grade there."""

    student_id = models.IntegerField()
    course_id = models.CharField(max_length=120)
    module_state_key = models.CharField(max_length=120)
    module_type = models.CharField(max_length=32, default="problem")
    state = models.TextField(default="", blank=True)
    grade = models.FloatField(null=True, blank=True)
    max_grade = models.FloatField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["student_id", "module_state_key", "course_id"], name="module_once"),
        )

    def __str__(self) -> str:
        return f"{self.student_id} at {self.module_state_key}"


class Person(models.Model):
    """A user of the platform, by the columns that we ask for; ``is_staff`` is of the whole site."""

    username = models.CharField(max_length=60, unique=True)
    email = models.CharField(max_length=60, default="", blank=True)
    is_staff = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.username


class UserProfile(models.Model):
    """The profile of a user; some old accounts have none."""

    user = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="profile")
    name = models.CharField(max_length=60, default="", blank=True)

    def __str__(self) -> str:
        return self.name


class EnrolmentManager(models.Manager):
    """The platform's manager of enrolments, as far as we use it."""

    def users_enrolled_in(self, course_id: str) -> models.QuerySet:
        of_course = {"courseenrollment__course_id": course_id, "courseenrollment__is_active": True}
        return Person.objects.filter(**of_course)


class CourseEnrollment(models.Model):
    """Who is enrolled where."""

    user = models.ForeignKey(Person, on_delete=models.CASCADE)
    course_id = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)

    objects = EnrolmentManager()

    def __str__(self) -> str:
        return f"{self.user} in {self.course_id}"


class CourseAccessRole(models.Model):
    """A role in a course; without a course, in all courses of an organisation: the platform's column is empty then, read as None."""

    user = models.ForeignKey(Person, on_delete=models.CASCADE)
    org = models.CharField(max_length=60)
    course_id = models.CharField(max_length=120, null=True)  # noqa: DJ001 - the platform's column reads as None where it is empty
    role = models.CharField(max_length=60)

    def __str__(self) -> str:
        return f"{self.user} is {self.role}"
