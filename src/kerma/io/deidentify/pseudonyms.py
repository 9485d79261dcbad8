"""New names, UIDs and dates that follow from the old ones and a secret key."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import uuid
from dataclasses import dataclass
from pathlib import Path

from kerma.errors import InputError

__all__ = ["Pseudonyms", "is_registered", "read_key", "refuse_inside"]

_SHORTEST_KEY = 16  # bytes; less could be guessed
_LARGEST_KEY = 4096
_KEY_BYTES = 32
_FEWEST_WEEKS, _MOST_WEEKS = 52, 520


@dataclass(frozen=True)
class Pseudonyms:
    """The map from old to new. The same key gives the same map, on any machine.

    Parameters
    ----------
    key
        Secret; whoever has it can test whether a pseudonym belongs to a patient.
    """

    key: bytes

    def __post_init__(self) -> None:
        if len(self.key) < _SHORTEST_KEY:
            raise InputError(
                f"The key has {len(self.key)} bytes; use {_SHORTEST_KEY} or more, or "
                f"name a file that does not exist, and a key is made there."
            )

    def __repr__(self) -> str:
        """Without the key, which might end up in a log."""
        return "Pseudonyms(key=...)"

    def uid(self, old: str) -> str:
        """A new UID (PS3.5, B.2): 2.25 and a UUID made of the HMAC of the old one."""
        if is_registered(old):
            return old
        return f"2.25.{uuid.UUID(bytes=self._hash('uid', old)[:16], version=5).int}"

    def patient(self, identity: str) -> str:
        """Pseudonym of a patient; 40 bits, so that two of 10 000 hardly ever meet."""
        return f"KERMA-{self._hash('patient', identity)[:5].hex()}"

    def shift_days(self, identity: str) -> int:
        """Days to add to each date of a patient: whole weeks, one to ten years back.

        Fractionation follows the days of the week, so these stay.
        """
        number = int.from_bytes(self._hash("shift", identity)[:8], "big")
        weeks = _FEWEST_WEEKS + number % (_MOST_WEEKS - _FEWEST_WEEKS + 1)
        return -7 * weeks

    def _hash(self, purpose: str, text: str) -> bytes:
        message = f"{purpose}:{text}".encode()
        return hmac.new(self.key, message, hashlib.sha256).digest()


def is_registered(uid: str) -> bool:
    """Whether the UID is one of PS3.6, which every object of a kind shares.

    The root of the standard is not enough: a crafted file may carry an identifier
    below it.
    """
    from pydicom.uid import UID

    return uid.startswith("1.2.840.10008.") and UID(uid).name != uid


def read_key(file: Path, out: Path) -> bytes:
    """Read the key from a file, or make one there that only its owner can read.

    Raises
    ------
    InputError
        The file lies in the output folder, or cannot be read, made or used.
    """
    refuse_inside(file, out, "The key")
    try:
        if not file.exists():
            _make_key(file)
        with file.open("rb") as stream:
            content = stream.read(_LARGEST_KEY + 1)
    except OSError as error:
        raise InputError(
            f"{file.name}: the key cannot be read or made ({error.strerror})."
        ) from error
    if len(content) > _LARGEST_KEY:
        raise InputError(f"{file.name}: is over {_LARGEST_KEY} bytes; not a key.")
    return content.strip()


def _make_key(file: Path) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(secrets.token_hex(_KEY_BYTES).encode() + b"\n")


def refuse_inside(file: Path, out: Path, what: str) -> None:
    """Keep a secret file out of the folder that is given away.

    Raises
    ------
    InputError
        The file lies in the folder.
    """
    if file.resolve().is_relative_to(out.resolve()):
        raise InputError(
            f"{what} would lie in the output folder, and be given away with it. "
            f"Keep it elsewhere."
        )
