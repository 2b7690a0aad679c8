"""What lies encrypted in a database stays readable: the form of sealed values, made here from the primitives alone."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy.orm import Session

from lti_tool.db import Database
from lti_tool.lti.registration import Registration
from lti_tool.lti.tool_keys import make_tool_key, open_tool_key, seal_tool_key
from lti_tool.models import AccessToken, LearnerKey, Source, SourceKey
from lti_tool.outgoing import AddressPolicy, HttpClient
from lti_tool.sealing import SealedError, Sealer
from lti_tool.services.moodle.sites import find_service, site_of, store_token
from lti_tool.services.people.learner_keys import KeyOwner, open_bytes, open_text, sealed_text
from lti_tool.services.platforms.access_tokens import AccessTokens
from lti_tool.services.platforms.registrations import Registrations
from lti_tool.services.sources import sources
from tests.factories.schools import make_school
from tests.factories.tool import NOON, SECRET, Clock

TOKEN = "0123456789abcdef0123456789abcdef"
LEARNER = "8b0fb2a0-7b2f-4a51-9f0c-0f8a8c2f1f11"


def cipher(purpose: str) -> AESGCM:
    """Return what values of a purpose are encrypted with: AES-256-GCM under HKDF-SHA256 of the secret."""
    return AESGCM(HKDF(hashes.SHA256(), 32, salt=None, info=purpose.encode()).derive(SECRET.encode()))


def closed(under: AESGCM, plain: bytes, bound_to: str) -> bytes:
    nonce = secrets.token_bytes(12)
    return nonce + under.encrypt(nonce, plain, bound_to.encode())


def opened(under: AESGCM, sealed: bytes, bound_to: str) -> bytes:
    return under.decrypt(sealed[:12], sealed[12:], bound_to.encode())


@pytest.fixture
def registration(database: Database) -> Registration:
    school = make_school(database, "https://lms.example.test", people=1, now=NOON)
    return Registrations(database).get(school.registration_id).registration


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.transaction() as session:
        yield session


@pytest.mark.parametrize("fault", ["secret", "purpose", "place", "changed", "cut", "nonce alone", "empty"])
def test_a_sealed_value_opens_with_nothing_else(fault: str) -> None:
    sealed = Sealer.for_purpose(SECRET, "one purpose").seal(b"a value", "1:2")
    changed = {
        "changed": sealed[:-1] + bytes([sealed[-1] ^ 1]),
        "cut": sealed[:20],
        "nonce alone": sealed[:12],
        "empty": b"",
    }
    sealer = Sealer.for_purpose(
        SECRET[::-1] if fault == "secret" else SECRET, "another" if fault == "purpose" else "one purpose"
    )
    with pytest.raises(SealedError):
        sealer.open(changed.get(fault, sealed), "1:3" if fault == "place" else "1:2")


def test_a_value_never_looks_the_same_twice() -> None:
    sealer = Sealer.for_purpose(SECRET, "one purpose")
    first, second = sealer.seal(b"a value", "1:2"), sealer.seal(b"a value", "1:2")
    assert first[:12] != second[:12]
    assert sealer.open(first, "1:2") == sealer.open(second, "1:2") == b"a value"


def test_private_keys() -> None:
    key, purpose = make_tool_key(), cipher("qualoop lti tool key 1")
    private = key.private.as_der(private=True)
    assert open_tool_key(closed(purpose, private, key.kid), key.kid, SECRET).public_jwk == key.public_jwk
    assert opened(purpose, seal_tool_key(key, SECRET), key.kid) == private


def test_tokens_of_moodles(registration: Registration, session: Session) -> None:
    purpose, bound_to = cipher("qualoop moodle token 1"), f"{registration.organisation_id}:{registration.id}"
    assert site_of(registration, closed(purpose, TOKEN.encode(), bound_to), secret=SECRET).token == TOKEN
    store_token(session, registration, TOKEN, secret=SECRET, now=NOON)
    service = find_service(session, registration.organisation_id, registration.id)
    assert service is not None
    assert service.token_encrypted is not None
    assert opened(purpose, bytes(service.token_encrypted), bound_to) == TOKEN.encode()


def test_keys_of_sources(registration: Registration, session: Session) -> None:
    purpose, organisation_id = cipher("qualoop source key 1"), registration.organisation_id
    made = sources.add(
        session, organisation_id, "site", name="Site", registration=registration, secret=SECRET, now=NOON
    )
    (row,) = session.query(SourceKey)
    assert opened(purpose, bytes(row.secret_encrypted or b""), f"{organisation_id}:{made.kid}") == made.secret.encode()

    source = sources.get(session, organisation_id, "site")
    assert isinstance(source, Source)
    sealed = closed(purpose, b"qs1.former", f"{organisation_id}:0123456789abcdef")
    former = SourceKey(organisation_id=organisation_id, source_id=source.id, kid="0123456789abcdef", created_at=NOON)
    former.secret_encrypted = sealed
    session.add(former)
    session.flush()
    signer = sources.find_signer(session.connection(), former.kid, secret=SECRET)
    assert signer is not None
    assert signer[1] == "qs1.former"


def test_access_tokens(database: Database, registration: Registration) -> None:
    bound_to = f"{registration.id}\n{registration.client_id}\n{registration.token_url}\nscope"
    row = AccessToken(
        organisation_id=registration.organisation_id,
        registration_id=registration.id,
        client_id=registration.client_id,
        token_url=registration.token_url,
        scopes="scope",
        token_encrypted=closed(cipher("qualoop access token 1"), b"former", bound_to),
        expires_at=NOON + timedelta(hours=1),
    )
    with database.transaction() as session:
        session.add(row)
    # Nobody answers there: a token that could not be opened would be asked for.
    nobody = HttpClient(AddressPolicy(), timeout_s=1)
    assert AccessTokens(database, nobody, secret=SECRET, clock=Clock()).get(registration, ["scope"]) == "former"


def test_texts_and_files_of_learners(registration: Registration, session: Session) -> None:
    organisation_id, purpose = registration.organisation_id, cipher("qualoop learner key 1")
    bound_to, own = f"{organisation_id}:{LEARNER}", secrets.token_bytes(32)
    session.add(
        LearnerKey(
            organisation_id=organisation_id,
            learner=LEARNER,
            key_encrypted=closed(purpose, own, bound_to),
            created_at=NOON,
        )
    )
    session.flush()
    owner = KeyOwner(organisation_id=organisation_id, learner=LEARNER, secret=SECRET)
    connection = session.connection()
    token = "sealed-text-1." + urlsafe_b64encode(closed(AESGCM(own), "好".encode(), bound_to)).decode()
    assert open_text(connection, owner, token) == "好"
    assert open_bytes(connection, owner, closed(AESGCM(own), b"%PDF", f"{bound_to}:bytes")) == b"%PDF"

    other = KeyOwner(organisation_id=organisation_id, learner=LEARNER[::-1], secret=SECRET)
    sealed_text(connection, other, "words", NOON)
    row = session.query(LearnerKey).filter_by(learner=other.learner).one()
    assert len(opened(purpose, bytes(row.key_encrypted or b""), f"{organisation_id}:{other.learner}")) == 32
