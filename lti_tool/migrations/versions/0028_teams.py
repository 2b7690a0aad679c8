"""Teams of a class, team checks, group work."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lti_tool.db import Instant

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLES = (
    "class_group_mark",
    "class_peer_rating",
    "class_group_product",
    "class_group_task",
    "class_team_score",
    "class_appeal",
    "class_card_points",
    "class_scratch",
    "class_team_answer",
    "class_team_check",
    "class_team_member",
    "class_team",
)


def upgrade() -> None:
    """Create the tables."""
    _teams()
    _checks()
    _cards()
    _appeals()
    _group_work()
    _ratings()


def downgrade() -> None:
    """Drop the tables."""
    for table in TABLES:
        op.drop_table(table)


def _table(name: str, *columns: sa.Column[object], belongs_to: dict[str, str], unique: list[str]) -> None:
    """Create a table of an organisation; ``unique`` are columns that are unique together, each set joined by commas."""
    links = {**belongs_to, "organisation_id": "organisation"}
    op.create_table(
        name,
        *(sa.Column(column, ID, nullable=False) for column in belongs_to),
        *columns,
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        *(
            sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{name}_{column}"))
            for column, target in links.items()
        ),
        *(sa.UniqueConstraint(*each.split(","), name=op.f(f"uq_{name}_{each.replace(',', '_')}")) for each in unique),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )


def _short(length: int, *names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.String(length=length), nullable=False) for name in names]


def _whole(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Integer(), nullable=False) for name in names]


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, Instant(), nullable=False)


def _moments(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, Instant(), nullable=True) for name in names]


def _sealed(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Text(), nullable=True) for name in names]


def _event() -> sa.Column[object]:
    return sa.Column("event", sa.String(length=36), nullable=True)


def _teams() -> None:
    _table(
        "class_team",
        *_short(36, "uuid"),
        *_whole("number"),
        *_short(80, "name"),
        *_whole("version"),
        _moment("created_at"),
        belongs_to={"class_session_id": "class_session"},
        unique=["uuid", "class_session_id,number"],
    )
    _table(
        "class_team_member",
        belongs_to={"class_session_id": "class_session", "team_id": "class_team", "person_id": "person"},
        unique=["class_session_id,person_id"],
    )
    op.create_index("ix_class_team_member_team_id", "class_team_member", ["team_id"])
    op.create_index("ix_class_team_member_person_id", "class_team_member", ["person_id"])


def _checks() -> None:
    _table(
        "class_team_check",
        *_short(36, "uuid"),
        *_whole("number"),
        *_short(20, "state"),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("is_on_stage", sa.Boolean(), nullable=False),
        *_whole("recording"),
        *_moments("taken_back_at", "individual_opened_at", "individual_closed_at", "team_opened_at", "done_at"),
        _moment("created_at"),
        belongs_to={"class_session_id": "class_session"},
        unique=["uuid", "class_session_id,number"],
    )
    _table(
        "class_team_answer",
        *_whole("number"),
        *_short(64, "option"),
        *_short(16, "score"),
        _moment("answered_at"),
        _event(),
        belongs_to={"check_id": "class_team_check", "seat_id": "class_seat"},
        unique=["check_id,seat_id,number"],
    )
    op.create_index("ix_class_team_answer_seat_id", "class_team_answer", ["seat_id"])


def _cards() -> None:
    _table(
        "class_scratch",
        *_whole("number", "place"),
        *_short(64, "option"),
        _moment("scratched_at"),
        belongs_to={"check_id": "class_team_check", "team_id": "class_team", "person_id": "person"},
        unique=["check_id,team_id,number,option", "check_id,team_id,number,place"],
    )
    _table(
        "class_card_points",
        *_whole("number", "points"),
        _moment("typed_at"),
        belongs_to={"check_id": "class_team_check", "team_id": "class_team"},
        unique=["check_id,team_id,number"],
    )


def _appeals() -> None:
    _table(
        "class_appeal",
        *_short(36, "uuid"),
        *_whole("number"),
        *_sealed("text_sealed"),
        *_short(8, "decision"),
        *_sealed("reason_sealed"),
        _moment("written_at"),
        *_moments("decided_at"),
        belongs_to={"check_id": "class_team_check", "team_id": "class_team", "person_id": "person"},
        unique=["uuid", "check_id,team_id,number"],
    )
    op.create_index("ix_class_appeal_person_id", "class_appeal", ["person_id"])
    _table(
        "class_team_score",
        *_short(16, "score"),
        _event(),
        belongs_to={"check_id": "class_team_check", "team_id": "class_team", "person_id": "person"},
        unique=["check_id,person_id"],
    )


def _group_work() -> None:
    _table(
        "class_group_task",
        *_short(36, "uuid"),
        *_whole("number"),
        *_short(120, "title"),
        *_short(8, "state", "low", "high"),
        *_whole("penalty"),
        *_moments("deadline_at", "closed_at"),
        _moment("created_at"),
        belongs_to={"class_session_id": "class_session"},
        unique=["uuid", "class_session_id,number"],
    )
    _table(
        "class_group_product",
        sa.Column("product", sa.Integer(), nullable=True),
        *_moments("approved_at"),
        belongs_to={"task_id": "class_group_task", "team_id": "class_team"},
        unique=["task_id,team_id"],
    )


def _ratings() -> None:
    _table(
        "class_peer_rating",
        *_whole("points"),
        *_sealed("comment_sealed"),
        _moment("rated_at"),
        belongs_to={"task_id": "class_group_task", "rater_id": "person", "ratee_id": "person"},
        unique=["task_id,rater_id,ratee_id"],
    )
    op.create_index("ix_class_peer_rating_rater_id", "class_peer_rating", ["rater_id"])
    op.create_index("ix_class_peer_rating_ratee_id", "class_peer_rating", ["ratee_id"])
    _table(
        "class_group_mark",
        *_short(8, "factor"),
        *_whole("penalty"),
        *_short(8, "mark"),
        _event(),
        belongs_to={"task_id": "class_group_task", "team_id": "class_team", "person_id": "person"},
        unique=["task_id,person_id"],
    )
    op.create_index("ix_class_group_mark_team_id", "class_group_mark", ["team_id"])
