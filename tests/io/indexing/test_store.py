"""The second look at a folder reads only what is new."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from kerma.io.indexing import index
from kerma.io.indexing.listing import Entry
from kerma.io.indexing.reading import Look, look_at
from tests.io.indexing.index_files import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "files").everything()


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "index.sqlite"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that were read, as they are read."""
    names: list[str] = []

    def watched(entry: Entry) -> Look:
        names.append(entry.name)
        return look_at(entry)

    monkeypatch.setattr("kerma.io.indexing.folder.look_at", watched)
    return names


def test_the_second_look_reads_nothing_and_finds_the_same(
    folder: Folder, cache: Path, read: list[str]
) -> None:
    (folder.path / "A/text.dcm").write_bytes(b"none" * 99)  # a problem is kept, too
    first = index(folder.path, cache=cache)
    assert len(read) == 9
    read.clear()
    assert index(folder.path, cache=cache) == first == index(folder.path)
    assert len(read) == 9  # by the look without a cache


def test_only_what_is_new_or_changed_is_read_and_what_is_gone_is_forgotten(
    folder: Folder, cache: Path, read: list[str]
) -> None:
    index(folder.path, cache=cache)
    read.clear()
    folder.slice(5)
    folder.plan(RTPlanLabel="Longer label")
    same = folder.path / "A/ct1.dcm"
    os.utime(same, ns=(1, 1))  # same content, other time
    (folder.path / "A/ct0.dcm").unlink()
    found = index(folder.path, cache=cache)
    assert sorted(read) == ["ct1.dcm", "ct5.dcm", "rp.dcm"]
    assert found == index(folder.path)
    with closing(sqlite3.connect(cache)) as database:
        paths = {path.decode() for (path,) in database.execute("SELECT path FROM file")}
    assert paths == {i.path for i in found.instances}


def test_a_cache_inside_the_folder_is_no_part_of_it(
    folder: Folder, read: list[str]
) -> None:
    inside = folder.path / "index.dcm"
    first = index(folder.path, cache=inside)
    assert index(folder.path, cache=inside) == first
    assert "index.dcm" not in read


def test_the_cache_holds_no_name_and_not_the_folder(
    folder: Folder, cache: Path
) -> None:
    index(folder.path, cache=cache)
    content = cache.read_bytes()
    assert b"Name" not in content
    assert str(folder.path).encode() not in content


@pytest.mark.parametrize("damage", ["truncated", "empty", "zeros", "flipped"])
def test_a_damaged_cache_is_made_anew(
    damage: str, folder: Folder, cache: Path, read: list[str]
) -> None:
    first = index(folder.path, cache=cache)
    content = bytearray(cache.read_bytes())
    if damage == "truncated":
        content = content[: len(content) // 2]
    elif damage == "empty":
        content = bytearray()
    elif damage == "zeros":
        content[100:] = bytes(len(content) - 100)
    else:
        at = content.index(b"RTPLAN")
        content[at : at + 6] = b"RTDOSE"
    cache.write_bytes(content)
    read.clear()
    assert index(folder.path, cache=cache) == first
    assert read
    read.clear()
    assert index(folder.path, cache=cache) == first
    assert not read


def test_the_cache_of_another_folder_or_version_is_made_anew(
    folder: Folder,
    cache: Path,
    read: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    index(folder.path, cache=cache)
    moved = folder.path.rename(tmp_path / "moved")
    read.clear()
    found = index(moved, cache=cache)
    assert found.root == moved
    assert len(read) == len(found.instances)
    monkeypatch.setattr("kerma.io.indexing.store._FORMAT", 2)
    read.clear()
    assert index(moved, cache=cache) == found
    assert len(read) == len(found.instances)


@pytest.mark.parametrize("kind", ["text", "database", "folder"])
def test_a_file_that_is_no_cache_is_left_as_it_is(
    kind: str, folder: Folder, cache: Path
) -> None:
    if kind == "text":
        cache.write_bytes(b"the plan of someone")
    elif kind == "database":
        with closing(sqlite3.connect(cache)) as database:
            database.execute("CREATE TABLE theirs (number)")
    else:
        cache.mkdir()
    before = cache.read_bytes() if cache.is_file() else None
    found = index(folder.path, cache=cache)
    (problem,) = found.problems
    assert (problem.severity, problem.code) == ("note", "no cache")
    assert "index.sqlite" in problem.sentence
    assert (cache.read_bytes() if cache.is_file() else None) == before
    assert len(found.plan_sets()) == 1


def test_a_cache_that_cannot_be_written_is_a_note(folder: Folder) -> None:
    found = index(folder.path, cache=folder.path / "no such folder/cache")
    assert [p.code for p in found.problems] == ["no cache"]


def test_names_that_are_no_text_are_kept_all_the_same(
    folder: Folder, cache: Path, read: list[str]
) -> None:
    file = folder.path / "A/ct0.dcm"
    file.rename(file.with_name(os.fsdecode(b"\xff\xfe.dcm")))
    first = index(folder.path, cache=cache)
    read.clear()
    assert index(folder.path, cache=cache) == first
    assert not read
