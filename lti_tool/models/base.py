"""What every table shares: constraint names by convention, enums by value, and the organisation of each row."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, ForeignKey, Integer, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from lti_tool.db import Instant

# SQLite counts only INTEGER primary keys up by itself.
Id = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """The base of every table."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: Instant,
        dict[str, Any]: JSON,
        list[Any]: JSON,
        str: Text,
    }

    id: Mapped[int] = mapped_column(Id, primary_key=True)


class Scoped(Base):
    """A row that belongs to one organisation; every query names it."""

    __abstract__ = True

    # No index of its own: without statistics SQLite would prefer it to the narrower one of the question at hand.
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))


def short(length: int = 255, **options: Any) -> Mapped[str]:
    """Return a bounded text column."""
    return mapped_column(String(length), **options)
