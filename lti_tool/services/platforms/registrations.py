"""Which platforms may launch us. Kept in memory for a few seconds: every launch asks twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select, update

from lti_tool.db import Database
from lti_tool.lti.errors import ClientIdNeededError, UnknownIssuerError
from lti_tool.lti.platform_profiles import Product
from lti_tool.lti.registration import Registration
from lti_tool.lti.registration_errors import RegistrationPendingError
from lti_tool.models import Deployment
from lti_tool.models import Registration as RegistrationRow

KEPT_S: Final = 5.0
ACTIVE, PENDING = "active", "pending"


@dataclass(frozen=True, slots=True)
class KnownPlatform:
    """A registration with its deployments: platform's deployment_id -> (row, state)."""

    registration: Registration
    deployments: dict[str, tuple[int, str]]
    state: str = ACTIVE


class Registrations:
    """A short-lived cache of all registrations of this installation. Thread-safe."""

    def __init__(self, database: Database, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._until = float("-inf")
        self._by_id: dict[int, KnownPlatform] = {}
        self._page_origins: tuple[str, ...] = ()

    def get(self, registration_id: int) -> KnownPlatform:
        """Return the platform of a registration; raise UnknownIssuerError, RegistrationPendingError."""
        known = self._all().get(registration_id)
        if known is None:
            raise UnknownIssuerError
        return _approved(known)

    def get_by_issuer(self, issuer: str, client_id: str | None) -> KnownPlatform:
        """Return the platform of (issuer, client_id); client_id may be absent where the issuer has one client.

        Raises UnknownIssuerError, ClientIdNeededError, and RegistrationPendingError where nobody has approved it yet.
        """
        found = [
            known
            for known in self._all().values()
            if known.registration.issuer == issuer and client_id in {None, known.registration.client_id}
        ]
        if not found:
            raise UnknownIssuerError
        # What waits for approval takes nothing away from what is approved.
        active = [known for known in found if known.state == ACTIVE]
        if len(active) > 1:
            raise ClientIdNeededError
        return _approved((active or found)[0])

    def all(self) -> list[KnownPlatform]:
        """Return every platform, those that wait for approval too: they are shown why they are refused."""
        return list(self._all().values())

    def page_origins(self) -> tuple[str, ...]:
        """Return the origins of every platform's own pages, sorted."""
        self._all()
        return self._page_origins

    def note_product(self, registration: Registration, product: Product) -> None:
        """Keep which product a platform is; what somebody stated before stands."""
        with self._database.transaction() as session:
            session.execute(
                update(RegistrationRow)
                .where(RegistrationRow.id == registration.id, RegistrationRow.product.is_(None))
                .values(product=product.value)
            )
        self.forget()

    def forget(self) -> None:
        """Read again at the next question."""
        with self._lock:
            self._until = float("-inf")

    def _all(self) -> dict[int, KnownPlatform]:
        """Return every platform by registration id, read again after a few seconds."""
        if self._monotonic() < self._until:
            return self._by_id
        with self._database.reading() as session:
            fresh = _read(session.connection())
        with self._lock:
            self._by_id, self._until = fresh, self._monotonic() + KEPT_S
            self._page_origins = tuple(sorted({o for known in fresh.values() for o in known.registration.page_origins}))
        return fresh


def _approved(known: KnownPlatform) -> KnownPlatform:
    """Return a platform that may launch us, else raise RegistrationPendingError."""
    if known.state != ACTIVE:
        raise RegistrationPendingError
    return known


def _read(connection: Connection) -> dict[int, KnownPlatform]:
    """Read every registration with its deployments."""
    deployments: dict[int, dict[str, tuple[int, str]]] = {}
    columns = Deployment.registration_id, Deployment.deployment_id, Deployment.id, Deployment.state
    for registration_id, deployment_id, row, state in connection.execute(select(*columns)):
        deployments.setdefault(registration_id, {})[deployment_id] = (row, state)
    rows = connection.execute(select(RegistrationRow.__table__)).mappings()
    return {
        row["id"]: KnownPlatform(
            Registration(
                id=row["id"],
                organisation_id=row["organisation_id"],
                issuer=row["issuer"],
                client_id=row["client_id"],
                auth_login_url=row["auth_login_url"],
                token_url=row["token_url"],
                jwks_url=row["jwks_url"],
                auth_audience=row["auth_audience"],
                algorithms=tuple(row["algorithms"]),
                service_origins=tuple(row["service_origins"]),
                product=row["product"],
            ),
            deployments.get(row["id"], {}),
            row["state"],
        )
        for row in rows
    }
