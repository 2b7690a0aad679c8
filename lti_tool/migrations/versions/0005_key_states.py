"""When a signing key began to sign, stopped, and leaves publication; one key of a purpose in each state but retired."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

from lti_tool.db import Instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INDEX = "ix_tool_key_in_use"
IN_USE = sa.text("state <> 'retired'")
PUBLISHED_AFTER = timedelta(days=14)
MOMENTS = ("active_at", "retired_at", "published_until")

KEYS = sa.table(
    "tool_key",
    sa.column("id", sa.BigInteger()),
    sa.column("purpose", sa.String()),
    sa.column("state", sa.String()),
    sa.column("private_encrypted", sa.LargeBinary()),
    sa.column("created_at", Instant()),
    *(sa.column(name, Instant()) for name in MOMENTS),
)


def upgrade() -> None:
    """Add the columns; the keys that sign go on signing."""
    for name in MOMENTS:
        op.add_column("tool_key", sa.Column(name, Instant(), nullable=True))
    op.add_column("tool_key", sa.Column("retired_for", sa.String(length=255), nullable=True))
    _convert(datetime.now(UTC))
    op.create_index(INDEX, "tool_key", ["purpose", "state"], unique=True, sqlite_where=IN_USE, postgresql_where=IN_USE)


def downgrade() -> None:
    """Drop them. A key that waits stays published and does not sign."""
    op.drop_index(INDEX, "tool_key")
    for name in ("retired_for", *reversed(MOMENTS)):
        op.drop_column("tool_key", name)


def _convert(now: datetime) -> None:
    """Give the keys their moments. When a retired one stopped is not known: by now it has, and is not published."""
    retired = {"state": "retired", "private_encrypted": b"", "retired_at": now}
    op.execute(sa.update(KEYS).values(active_at=KEYS.c.created_at))
    op.execute(sa.update(KEYS).where(KEYS.c.state == "retired").values(retired))
    op.execute(sa.update(KEYS).where(KEYS.c.state == "retired", KEYS.c.purpose == "lti").values(published_until=now))
    # Two processes that started on an empty database may each have made a key: the first is the one that signs.
    oldest = sa.select(sa.func.min(KEYS.c.id)).where(KEYS.c.state == "active").group_by(KEYS.c.purpose)
    doubled = sa.and_(KEYS.c.state == "active", KEYS.c.id.not_in(oldest.scalar_subquery()))
    op.execute(
        sa.update(KEYS)
        .where(doubled, KEYS.c.purpose == "lti")
        .values(retired | {"published_until": now + PUBLISHED_AFTER})
    )
    op.execute(sa.update(KEYS).where(doubled).values(retired))
