"""Sheets of paper: printed, uploaded, read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lti_tool.db import Instant

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    _printed()
    _uploaded()
    _read()
    _tables()


def downgrade() -> None:
    """Drop the tables."""
    for table in ("mark_file", "sheet_answer", "sheet_page", "sheet_file", "sheet_upload", "sheet", "sheet_set"):
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


def _printed() -> None:
    _table(
        "sheet_set",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("context_id", ID, nullable=False),
        sa.Column("registration_id", ID, nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("paper", sa.String(length=8), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("seed", ID, nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("pages", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.UniqueConstraint("uuid", name=op.f("uq_sheet_set_uuid")),
        belongs_to={"context_id": "context", "registration_id": "registration"},
    )
    op.create_index("ix_sheet_set_context_id", "sheet_set", ["context_id"])
    _table(
        "sheet",
        sa.Column("sheet_set_id", ID, nullable=False),
        sa.Column("code", sa.String(length=10), nullable=False),
        sa.Column("version", sa.String(length=1), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("person_id", ID, nullable=True),
        sa.UniqueConstraint("code", name=op.f("uq_sheet_code")),
        belongs_to={"sheet_set_id": "sheet_set", "person_id": "person"},
    )
    op.create_index("ix_sheet_person_id", "sheet", ["person_id"])
    op.create_index("ix_sheet_sheet_set_id", "sheet", ["sheet_set_id"])


def _uploaded() -> None:
    _table(
        "sheet_upload",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("context_id", ID, nullable=False),
        sa.Column("job_id", ID, nullable=False),
        sa.Column("import_id", ID, nullable=True),
        sa.Column("actor", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.UniqueConstraint("uuid", name=op.f("uq_sheet_upload_uuid")),
        belongs_to={"context_id": "context", "job_id": "job", "import_id": "import_run"},
    )
    op.create_index("ix_sheet_upload_context_id", "sheet_upload", ["context_id"])
    _table(
        "sheet_file",
        sa.Column("sheet_upload_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("data_sealed", sa.LargeBinary(), nullable=True),
        sa.UniqueConstraint("sheet_upload_id", "number", name=op.f("uq_sheet_file_sheet_upload_id_number")),
        belongs_to={"sheet_upload_id": "sheet_upload"},
    )


def _read() -> None:
    _table(
        "sheet_page",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("sheet_upload_id", ID, nullable=False),
        sa.Column("file", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("sheet_id", ID, nullable=True),
        sa.Column("page", sa.Integer(), nullable=True),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("problem", sa.String(length=24), nullable=False),
        sa.Column("is_aside", sa.Boolean(), nullable=False),
        sa.Column("key_of", sa.String(length=36), nullable=False),
        sa.Column("picture", sa.LargeBinary(), nullable=True),
        sa.UniqueConstraint("uuid", name=op.f("uq_sheet_page_uuid")),
        sa.UniqueConstraint("sheet_upload_id", "file", "place", name=op.f("uq_sheet_page_sheet_upload_id_file_place")),
        belongs_to={"sheet_upload_id": "sheet_upload", "sheet_id": "sheet", "person_id": "person"},
    )
    op.create_index("ix_sheet_page_sheet_id", "sheet_page", ["sheet_id", "page"])
    op.create_index("ix_sheet_page_person_id", "sheet_page", ["person_id"])
    _table(
        "sheet_answer",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("sheet_page_id", ID, nullable=False),
        sa.Column("part", sa.String(length=130), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("finding", sa.String(length=12), nullable=False),
        sa.Column("picked", sa.JSON(), nullable=False),
        sa.Column("confidence", sa.Integer(), nullable=False),
        sa.Column("settled_by", sa.String(length=36), nullable=False),
        sa.Column("event", sa.String(length=36), nullable=True),
        sa.Column("picture", sa.LargeBinary(), nullable=True),
        sa.UniqueConstraint("uuid", name=op.f("uq_sheet_answer_uuid")),
        sa.UniqueConstraint("sheet_page_id", "part", name=op.f("uq_sheet_answer_sheet_page_id_part")),
        belongs_to={"sheet_page_id": "sheet_page"},
    )


def _tables() -> None:
    _table(
        "mark_file",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("context_id", ID, nullable=False),
        sa.Column("import_id", ID, nullable=True),
        sa.Column("actor", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("full", sa.String(length=12), nullable=False),
        sa.Column("held_at", Instant(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("matches", sa.JSON(), nullable=False),
        sa.Column("table_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.UniqueConstraint("uuid", name=op.f("uq_mark_file_uuid")),
        belongs_to={"context_id": "context", "import_id": "import_run"},
    )
    op.create_index("ix_mark_file_context_id", "mark_file", ["context_id"])
