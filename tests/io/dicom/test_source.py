"""Folders, files, archives."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import pytest

from kerma.errors import DicomError, InputError
from kerma.io.dicom.source import DeflatedSource, DiskFile, Source, open_sources


def content(file: Source) -> bytes:
    with file.open() as stream:
        return stream.read()


def names(source: Path | str | list[Path]) -> list[str]:
    with open_sources(source) as files:
        return [file.name for file in files]


def test_a_folder_is_searched_to_its_depth_in_order(tmp_path: Path) -> None:
    for name in ("b", "a/deep/down/x", "a/c"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"-")
    assert names(tmp_path) == names(str(tmp_path)) == ["c", "x", "b"]


def test_a_list_may_mix_files_folders_and_archives(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"1")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "two").write_bytes(b"2")
    with zipfile.ZipFile(tmp_path / "three.zip", "w") as archive:
        archive.writestr("a/three", b"3")
    listed = [tmp_path / "one", tmp_path / "folder", tmp_path / "three.zip"]
    with open_sources(listed) as files:
        contents = [content(file) for file in files]
    assert contents == [b"1", b"2", b"3"]


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"-")
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    assert names(tmp_path) == ["x"]


def test_what_is_missing_or_empty_is_named_without_its_path(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^nothing: there is no such file or folder"):
        names(tmp_path / "nothing")
    (tmp_path / "hollow").mkdir()
    with pytest.raises(InputError, match=r"^hollow: this folder holds no files"):
        names(tmp_path / "hollow")
    with pytest.raises(InputError, match="list of files is empty"):
        names([])


def test_an_archive_is_known_by_its_content_not_its_name(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "no_ending", "w") as archive:
        archive.writestr("../../etc/slice", b"-")
    assert names(tmp_path / "no_ending") == ["slice"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["no_ending"]


def test_an_archive_that_inflates_out_of_proportion_is_left_unread(
    tmp_path: Path,
) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(9):
            archive.writestr(str(number), bytes(32 * 2**20))
    with pytest.raises(InputError, match=r"bomb.zip: its 0.3 MiB would inflate to 288"):
        names(tmp_path / "bomb.zip")


def test_damaged_encrypted_and_empty_archives_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.zip"
    file.write_bytes(b"PK\x03\x04 and then nothing")
    with pytest.raises(InputError, match=r"a\.zip: is a damaged zip archive"):
        names(file)
    with zipfile.ZipFile(file, "w") as archive:
        archive.mkdir("only_a_folder")
    with pytest.raises(InputError, match="holds no files"):
        names(file)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x", b"-")
    archived = bytearray(file.read_bytes())
    archived[archived.index(b"PK\x01\x02") + 8] |= 1  # the flag for encryption
    file.write_bytes(archived)
    with pytest.raises(InputError, match="is encrypted; unpack it first"):
        names(file)


def test_deflated_data_inflate_up_to_a_limit(tmp_path: Path) -> None:
    def deflated(plain: bytes) -> DeflatedSource:
        deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        body = deflater.compress(plain) + deflater.flush()
        (tmp_path / "d").write_bytes(b"meta" + body)
        return DeflatedSource(DiskFile(str(tmp_path / "d")), 4)

    assert content(deflated(b"content")) == b"content"
    with pytest.raises(DicomError, match="d: inflates to over 256 MiB"):
        deflated(bytes(257 * 2**20)).open()
    (tmp_path / "d").write_bytes(b"meta\xff\xff\xff")
    with pytest.raises(DicomError, match="d: the deflated data are damaged"):
        DeflatedSource(DiskFile(str(tmp_path / "d")), 4).open()
