"""Texts of works that people judge: one row for each attempt, beside the register that holds their marks."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("qualoop", "0003_class_registers")]

    operations = [
        migrations.CreateModel(
            name="HandedInWork",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("usage", models.CharField(max_length=255)),
                ("learner", models.CharField(db_index=True, max_length=255)),
                ("attempt", models.CharField(max_length=36)),
                ("text", models.TextField()),
                ("handed_in_at", models.DateTimeField()),
            ],
        ),
        migrations.AddConstraint(
            model_name="handedinwork",
            constraint=models.UniqueConstraint(fields=("attempt",), name="qualoop_work_once"),
        ),
    ]
