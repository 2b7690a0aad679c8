"""Registers of class blocks: many people write to one, so it is a row that can be locked."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("qualoop", "0002_overrides")]

    operations = [
        migrations.CreateModel(
            name="ClassRegister",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("usage", models.CharField(max_length=255, unique=True)),
                ("course", models.CharField(db_index=True, max_length=255)),
                ("version", models.PositiveBigIntegerField(default=0)),
                ("document", models.TextField(default="{}")),
                ("updated_at", models.DateTimeField()),
            ],
        ),
    ]
