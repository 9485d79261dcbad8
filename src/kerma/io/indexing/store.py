"""What was read of each file, kept for the next look, in one SQLite file.

Each row has its checksum: SQLite itself does not notice a flipped bit.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import fields
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeAlias

from kerma.io.indexing.listing import Entry
from kerma.io.indexing.reading import Look
from kerma.io.indexing.records import Instance, Mention, Plane, Problem, Severity

__all__ = ["Kept", "is_ours", "load", "save"]

Kept: TypeAlias = dict[tuple[str, int, int], Look]
"""Looks by path, size and stamp of the file."""

_APPLICATION = 0x4B524D41  # "KRMA", where SQLite keeps whose file it is
_FORMAT = 1  # raise it whenever a look at the same file finds something else
_MAGIC = b"SQLite format 3\0"
_APPLICATION_AT = 68  # https://www.sqlite.org/fileformat.html, 1.3
_NAMES = tuple(f.name for f in fields(Instance) if f.name not in ("path", "size"))
_PLANE, _MENTIONS = _NAMES.index("plane"), _NAMES.index("mentions")
_LISTS = tuple(_NAMES.index(name) for name in ("frames", "beams"))


def is_ours(cache: Path) -> bool:
    """Whether a file may be written: it is not there, empty, or a cache of ours."""
    try:
        with cache.open("rb") as stream:
            head = stream.read(_APPLICATION_AT + 4)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    number = int.from_bytes(head[_APPLICATION_AT:], "big")
    return not head or (head.startswith(_MAGIC) and number == _APPLICATION)


def load(cache: Path, root: str) -> Kept:
    """Looks that were kept; none where the file is damaged, older or of another folder.

    Parameters
    ----------
    cache
        The file.
    root
        What the paths start from.
    """
    if not cache.is_file():
        return {}
    try:
        with closing(sqlite3.connect(cache, timeout=1)) as database:
            (key,) = database.execute("SELECT key FROM folder").fetchone()
            if key != _key(root):
                return {}
            rows = database.execute("SELECT path, size, stamp, sum, look FROM file")
            return {
                (_text(path), size, stamp): _look(_text(path), size, look)
                for path, size, stamp, total, look in rows
                if total == _sum(path, size, stamp, look)
            }
    except (sqlite3.Error, ValueError, TypeError, KeyError, AttributeError):
        return {}


def save(
    cache: Path,
    root: str,
    found: Iterable[tuple[Entry, Look]],
    kept: Mapping[tuple[str, int, int], Look],
) -> bool:
    """Keep what is new and forget what is gone; whether that could be written.

    It is one transaction: another reader sees the old state or the new one.
    """
    current = [(entry, look) for entry, look in found if look.is_lasting]
    keys = {(entry.path, entry.size, entry.stamp) for entry, _ in current}
    if kept and keys == kept.keys():
        return True
    new = [_row(e, k) for e, k in current if (e.path, e.size, e.stamp) not in kept]
    gone = [
        (_bytes(path),) for path, size, stamp in kept if (path, size, stamp) not in keys
    ]
    try:
        if not kept:
            cache.unlink(missing_ok=True)
        with closing(sqlite3.connect(cache, timeout=1)) as database, database:
            if not kept:
                _create(database, root)
            database.executemany("DELETE FROM file WHERE path = ?", gone)
            database.executemany(
                "INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?, ?)", new
            )
    except (sqlite3.Error, OSError):
        return False
    return True


def _create(database: sqlite3.Connection, root: str) -> None:
    database.execute("BEGIN")
    database.execute(f"PRAGMA application_id = {_APPLICATION}")
    database.execute("CREATE TABLE folder (key TEXT)")
    database.execute("INSERT INTO folder VALUES (?)", (_key(root),))
    database.execute(
        "CREATE TABLE file (path BLOB PRIMARY KEY, size INTEGER, stamp INTEGER, "
        "sum INTEGER, look TEXT)"
    )


def _key(root: str) -> str:
    """Of the folder and of how files are read; it does not show the folder's name."""
    return sha256(f"{_FORMAT} {' '.join(_NAMES)} {root}".encode()).hexdigest()


def _bytes(path: str) -> bytes:
    """A path as the disk has it: it need not be text."""
    return path.encode("utf-8", "surrogateescape")


def _text(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")


def _sum(path: bytes, size: int, stamp: int, look: str) -> int:
    return zlib.crc32(path + f"\0{size}\0{stamp}\0{look}".encode())


def _row(entry: Entry, look: Look) -> tuple[bytes, int, int, int, str]:
    instance, problem = look.instance, look.problem
    content: list[Any] = [
        instance and [getattr(instance, name) for name in _NAMES],
        problem and [problem.severity, problem.code, problem.sentence],
    ]
    text = json.dumps(content, separators=(",", ":"))
    path = _bytes(entry.path)
    total = _sum(path, entry.size, entry.stamp, text)
    return path, entry.size, entry.stamp, total, text


def _look(path: str, size: int, text: str) -> Look:
    values, problem = json.loads(text)
    return Look(
        _instance(path, size, values) if values else None,
        _problem(path, *problem) if problem else None,
    )


def _problem(path: str, severity: Severity, code: str, sentence: str) -> Problem:
    return Problem(severity, code, sentence, (path,))


def _instance(path: str, size: int, values: list[Any]) -> Instance:
    if values[_PLANE] is not None:
        rows, columns, *numbers = values[_PLANE]
        values[_PLANE] = Plane(rows, columns, *map(tuple, numbers))
    for place in _LISTS:
        values[place] = tuple(values[place])
    values[_MENTIONS] = tuple(
        Mention(role, *map(tuple, uids)) for role, *uids in values[_MENTIONS]
    )
    return Instance(path=path, size=size, **dict(zip(_NAMES, values, strict=True)))
