"""Early warnings and the records of teachers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lti_tool.db import Instant

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
IS_OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    """Create the tables, and keep apart who chose a rubric."""
    _settings()
    _warnings()
    _warning_events()
    _teachers()
    _rubrics()
    # Of who is there already nobody knows since when.
    op.add_column("enrolment", sa.Column("joined_at", Instant(), nullable=True))


def downgrade() -> None:
    """Drop what was made."""
    op.drop_column("enrolment", "joined_at")
    with op.batch_alter_table("marking_setup") as setup:
        setup.drop_constraint("fk_marking_setup_rubric_by", type_="foreignkey")
        setup.drop_column("rubric_by")
        setup.drop_column("rubric_at")
    for table in ("teacher_entry_event", "teacher_entry", "warning_event", "early_warning", "warning_setting"):
        op.drop_table(table)


def _table(name: str, *columns: sa.Column[object] | sa.UniqueConstraint, belongs_to: dict[str, str]) -> None:
    """Create a table of an organisation; ``belongs_to`` names the tables that its columns point to."""
    links = {**belongs_to, "organisation_id": "organisation"}
    op.create_table(
        name,
        *columns,
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        *(
            sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{name}_{column}"))
            for column, target in links.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )


def _settings() -> None:
    _table(
        "warning_setting",
        sa.Column("context_id", ID, nullable=False),
        sa.Column("policy", sa.String(length=32), nullable=False),
        sa.Column("thresholds", sa.JSON(), nullable=False),
        sa.Column("history", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("changed_by", ID, nullable=True),
        sa.Column("looked_at", Instant(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.UniqueConstraint("context_id", name=op.f("uq_warning_setting_context_id")),
        belongs_to={"context_id": "context", "changed_by": "person"},
    )


def _warnings() -> None:
    _table(
        "early_warning",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("context_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("owner_id", ID, nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("policy", sa.String(length=32), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("looked_at", Instant(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.UniqueConstraint("uuid", name=op.f("uq_early_warning_uuid")),
        belongs_to={"context_id": "context", "person_id": "person", "owner_id": "person"},
    )
    op.create_index("ix_early_warning_context_id", "early_warning", ["context_id", "state"])
    op.create_index("ix_early_warning_person_id", "early_warning", ["person_id"])
    op.create_index("ix_early_warning_owner_id", "early_warning", ["owner_id"])
    op.create_index(
        "uq_early_warning_open",
        "early_warning",
        ["context_id", "person_id"],
        unique=True,
        sqlite_where=IS_OPEN,
        postgresql_where=IS_OPEN,
    )


def _warning_events() -> None:
    _table(
        "warning_event",
        sa.Column("early_warning_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(length=16), nullable=False),
        sa.Column("by_person_id", ID, nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("note_sealed", sa.Text(), nullable=True),
        sa.Column("words_sealed", sa.Text(), nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.UniqueConstraint("early_warning_id", "number", name=op.f("uq_warning_event_early_warning_id_number")),
        belongs_to={"early_warning_id": "early_warning", "by_person_id": "person"},
    )


def _teachers() -> None:
    _table(
        "teacher_entry",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("file_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("file_name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("file_type", sa.String(length=96), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.UniqueConstraint("uuid", name=op.f("uq_teacher_entry_uuid")),
        belongs_to={"person_id": "person"},
    )
    op.create_index("ix_teacher_entry_person_id", "teacher_entry", ["person_id"])
    _table(
        "teacher_entry_event",
        sa.Column("teacher_entry_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(length=12), nullable=False),
        sa.Column("by", sa.String(length=255), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.UniqueConstraint("teacher_entry_id", "number", name=op.f("uq_teacher_entry_event_teacher_entry_id_number")),
        belongs_to={"teacher_entry_id": "teacher_entry"},
    )


def _rubrics() -> None:
    """Add who chose the rubric; for what stands, who changed the settings last is the nearest that is known."""
    with op.batch_alter_table("marking_setup") as setup:
        setup.add_column(sa.Column("rubric_by", ID, nullable=True))
        setup.add_column(sa.Column("rubric_at", Instant(), nullable=True))
        setup.create_foreign_key(op.f("fk_marking_setup_rubric_by"), "person", ["rubric_by"], ["id"])
    op.execute("UPDATE marking_setup SET rubric_by = changed_by, rubric_at = updated_at")
    with op.batch_alter_table("marking_setup") as setup:
        setup.alter_column("rubric_by", existing_type=ID, nullable=False)
        setup.alter_column("rubric_at", existing_type=Instant(), nullable=False)
