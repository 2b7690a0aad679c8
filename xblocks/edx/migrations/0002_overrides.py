"""Grades that staff set by hand are told to the tool; what staff do in blocks has no number."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("qualoop", "0001_tables")]

    operations = [
        migrations.AlterField(
            model_name="evidenceevent",
            name="sequence",
            field=models.PositiveBigIntegerField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name="GradeOverride",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("learner", models.CharField(db_index=True, max_length=255)),
                ("course", models.CharField(max_length=255)),
                ("usage", models.CharField(max_length=255)),
                ("override_id", models.UUIDField(unique=True)),
                ("share", models.CharField(blank=True, default="", max_length=16)),
                ("noted_at", models.DateTimeField()),
                ("state", models.CharField(db_index=True, default="due", max_length=16)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("next_at", models.DateTimeField()),
                ("last_error", models.CharField(blank=True, default="", max_length=64)),
            ],
        ),
    ]
