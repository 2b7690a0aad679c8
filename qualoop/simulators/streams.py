"""Keys of worlds and runs, and random numbers that come out the same everywhere.

A world is made of raw Philox words (Salmon et al., Parallel random numbers: as easy as 1, 2, 3, SC11), whose stream NumPy
keeps stable, and of the inverse functions in this module, never of NumPy's distributions, whose streams may change with
a release (NEP 19). Whoever has the key makes the same world, to the last bits of elementary functions.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from qualoop.values import ValueRefusedError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

KEY_BYTES: Final = 32

# One bit less than a double holds: with the half that keeps it off 0, the largest stays below 1.
_DROPPED: Final = np.uint64(12)
_UNIT: Final = 2.0**-52


@dataclass(frozen=True, slots=True)
class WorldKey:
    """What a world is made from: 32 bytes that stay on the server until the attempt is over.

    Raises ValueRefusedError for any other length.
    """

    secret: bytes

    def __post_init__(self) -> None:
        if len(self.secret) != KEY_BYTES:
            raise ValueRefusedError(f"a world key has {KEY_BYTES} bytes, not {len(self.secret)}")

    def __repr__(self) -> str:
        """Return the commitment: a key in a log would give its world away."""
        return f"WorldKey(commitment={self.commitment!r})"

    @classmethod
    def of_seed(cls, seed: int, *labels: str | int) -> Self:
        """Return the key of a number that somebody chose or drew, and of what it is for."""
        return cls(hashlib.sha256(_labelled(("qualoop-world", seed, *labels))).digest())

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Return the key in 64 hexadecimal digits; raise ValueRefusedError."""
        try:
            return cls(bytes.fromhex(text))
        except ValueError as error:
            raise ValueRefusedError("a world key is 64 hexadecimal digits") from error

    def as_text(self) -> str:
        """Return the key in hexadecimal digits."""
        return self.secret.hex()

    @property
    def commitment(self) -> str:
        """Return what may be published before the key is: SHA-256 of it, in hex."""
        return hashlib.sha256(self.secret).hexdigest()

    def derive(self, *labels: str | int) -> WorldKey:
        """Return the key of something within: a day, a run, a round. HMAC-SHA256 over the labels."""
        return WorldKey(hmac.digest(self.secret, _labelled(labels), "sha256"))

    def uniforms(self, *labels: str | int, shape: int | tuple[int, ...]) -> Floats:
        """Return uniforms strictly inside (0, 1), 52 bits each, from the stream that the labels name.

        A longer draw from the same stream begins with the shorter one.
        """
        words = np.frombuffer(hmac.digest(self.secret, _labelled(labels), "sha256"), dtype="<u8")
        # NumPy takes two words of key; the other two set the counter's high half, so that all 256 bits count.
        generator = np.random.Philox(key=words[:2], counter=np.array([0, 0, words[2], words[3]], dtype=np.uint64))
        count = int(np.prod(shape))
        raw: NDArray[np.uint64] = generator.random_raw(count)
        raw >>= _DROPPED
        values = raw.astype(np.float64)
        values += 0.5
        values *= _UNIT
        return values.reshape(shape)


def _labelled(labels: tuple[str | int, ...]) -> bytes:
    """Return labels as bytes that no other labels have."""
    return b"".join(
        b"%s%d:%s" % (b"i" if isinstance(label, int) else b"s", len(text), text)
        for label in labels
        for text in [str(label).encode()]
    )
