"""The first tables of the plug-in."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies: ClassVar[list[tuple[str, str]]] = []

    operations = [
        migrations.CreateModel(
            name="ContentVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("activity", models.CharField(max_length=64)),
                ("content", models.CharField(max_length=64)),
                ("registration", models.TextField()),
                ("state", models.CharField(db_index=True, default="due", max_length=16)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("next_at", models.DateTimeField()),
                ("last_error", models.CharField(blank=True, default="", max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="CourseMastery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("learner", models.CharField(max_length=255)),
                ("course", models.CharField(db_index=True, max_length=255)),
                ("framework", models.CharField(max_length=80)),
                ("points", models.JSONField()),
                ("following", models.JSONField(null=True)),
                ("as_of", models.DateTimeField()),
                ("told_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Cursor",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=16, unique=True)),
                ("value", models.CharField(blank=True, default="", max_length=128)),
                ("anew_since", models.DateTimeField(blank=True, null=True)),
                ("current_at", models.DateTimeField(blank=True, null=True)),
                ("lease", models.CharField(blank=True, default="", max_length=36)),
                ("leased_until", models.DateTimeField(blank=True, null=True)),
                ("last_error", models.CharField(blank=True, default="", max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="Difference",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("learner", models.CharField(max_length=255)),
                ("course", models.CharField(max_length=255)),
                ("usage", models.CharField(max_length=255)),
                ("kind", models.CharField(db_index=True, max_length=32)),
                ("noted_at", models.DateTimeField()),
                ("repaired_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="EvidenceEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("event_id", models.UUIDField(unique=True)),
                ("sequence", models.PositiveBigIntegerField()),
                ("course", models.CharField(max_length=255)),
                ("usage", models.CharField(max_length=255)),
                ("payload", models.TextField()),
                ("state", models.CharField(default="waiting", max_length=16)),
                ("outcome", models.CharField(blank=True, default="", max_length=16)),
                ("problem", models.CharField(blank=True, default="", max_length=255)),
                ("created_at", models.DateTimeField()),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="EvidenceOutbox",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("learner", models.CharField(max_length=255, unique=True)),
                ("rev", models.PositiveBigIntegerField(default=0)),
                ("state", models.CharField(default="due", max_length=16)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("next_at", models.DateTimeField()),
                ("lease", models.CharField(blank=True, db_index=True, default="", max_length=36)),
                ("leased_until", models.DateTimeField(blank=True, null=True)),
                ("last_status", models.PositiveIntegerField(blank=True, null=True)),
                ("last_error", models.CharField(blank=True, default="", max_length=64)),
                ("updated_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="GradeCheck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("learner", models.CharField(max_length=255)),
                ("course", models.CharField(max_length=255)),
                ("asked_at", models.DateTimeField()),
                ("checked_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="RetiredLearner",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(max_length=64, unique=True)),
            ],
        ),
        migrations.AddConstraint(
            model_name="gradecheck",
            constraint=models.UniqueConstraint(fields=("learner", "course"), name="qualoop_check_once"),
        ),
        migrations.AddIndex(
            model_name="evidenceoutbox",
            index=models.Index(fields=["state", "next_at"], name="qualoop_outbox_due"),
        ),
        migrations.AddField(
            model_name="evidenceevent",
            name="outbox",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="events", to="qualoop.evidenceoutbox"
            ),
        ),
        migrations.AddField(
            model_name="evidenceevent",
            name="version",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="qualoop.contentversion"
            ),
        ),
        migrations.AddIndex(
            model_name="difference",
            index=models.Index(fields=["learner", "kind"], name="qualoop_difference_of"),
        ),
        migrations.AddConstraint(
            model_name="coursemastery",
            constraint=models.UniqueConstraint(fields=("learner", "course"), name="qualoop_mastery_once"),
        ),
        migrations.AddConstraint(
            model_name="contentversion",
            constraint=models.UniqueConstraint(fields=("activity", "content"), name="qualoop_version_once"),
        ),
        migrations.AddIndex(
            model_name="evidenceevent",
            index=models.Index(fields=["state", "created_at"], name="qualoop_event_waiting"),
        ),
        migrations.AddConstraint(
            model_name="evidenceevent",
            constraint=models.UniqueConstraint(fields=("outbox", "sequence"), name="qualoop_event_numbered"),
        ),
    ]
