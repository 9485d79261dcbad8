"""Unique identifiers (PS3.5, 9 and B)."""

from __future__ import annotations

import re
import uuid

__all__ = ["is_uid", "uid_from"]

_NAMESPACE = uuid.UUID("6b1a5d0e-0d39-4c55-9a5c-8f6f1f6c2a4e")  # of UIDs made here
_UID = re.compile(r"(?=.{1,64}$)(0|[1-9]\d*)(\.(0|[1-9]\d*))+")


def is_uid(text: str) -> bool:
    """Whether a text is a UID as DICOM writes it."""
    return _UID.fullmatch(text) is not None


def uid_from(*words: str) -> str:
    """A UID that the same words always give, and no others."""
    return f"2.25.{uuid.uuid5(_NAMESPACE, ' '.join(words)).int}"
