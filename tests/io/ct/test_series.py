"""Which images make one CT."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom import Dataset

from kerma.errors import DicomError, InputError
from kerma.io import read_ct

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
RTSTRUCT = "1.2.840.10008.5.1.4.1.1.481.3"

Make = Callable[..., Dataset]
Save = Callable[..., Path]


def test_other_files_beside_the_slices_do_not_matter(image: Make, save: Save) -> None:
    structures = image(
        SOPClassUID=RTSTRUCT, Modality="RTSTRUCT", PixelData=None, Rows=None
    )
    folder = save(image(0), image(1), structures)
    (folder / "readme.txt").write_text("hello")
    (folder / "._999.dcm").write_bytes(b"what a Mac leaves behind")
    ct = read_ct(folder)
    assert ct.grid.shape == (2, 4, 6)
    assert ct.notes == ()


def test_a_text_that_is_named_as_an_image_is_reported(image: Make, save: Save) -> None:
    folder = save(image(0), image(1))
    (folder / "notes.dcm").write_text("not an image")
    assert read_ct(folder).notes == (
        "Left out: 1 file(s) named .dcm that are not DICOM.",
    )


def test_localizers_and_captures_are_left_out_and_reported(
    image: Make, save: Save
) -> None:
    scout = image(5, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    capture = image(6, SOPClassUID=SECONDARY_CAPTURE, RescaleSlope=None)
    ct = read_ct(save(image(0), image(1), scout, capture))
    assert ct.grid.shape[0] == 2
    assert ct.notes == (
        "Left out: 1 localizer image(s).",
        "Left out: 1 secondary capture(s).",
    )


def test_several_series_are_listed_to_choose_from(image: Make, save: Save) -> None:
    thin = [
        image(k, SeriesInstanceUID="1.2.99", SeriesDescription="Thin")
        for k in (0, 1, 2)
    ]
    folder = save(image(0), image(1), *thin)
    listed = (
        r"2 CT series here; choose one by its series_uid: 1\.2\.99 \(Thin, 4 x 6, 3 "
        r"slices\); 1\.2\.3\.4 \(no name, 4 x 6, 2 slices\)\."
    )
    with pytest.raises(InputError, match=listed):
        read_ct(folder)
    chosen = read_ct(folder, series_uid="1.2.99")
    assert chosen.series_instance_uid == "1.2.99"
    assert chosen.grid.shape[0] == 3


def test_a_series_that_is_not_there_is_named_with_those_that_are(
    image: Make, save: Save
) -> None:
    with pytest.raises(InputError, match=r"no CT series '1\.9' here; there are: 1\.2"):
        read_ct(save(image()), series_uid="1.9")


@pytest.mark.parametrize(
    "other",
    [
        {"FrameOfReferenceUID": "1.2.4"},
        {"ImageOrientationPatient": [0.0, 1.0, 0.0, 0.0, 0.0, -1.0]},
        {"PixelSpacing": [1.5, 0.6]},
        {"stored": [[1, 2], [3, 4]]},
    ],
)
def test_a_series_that_mixes_stacks_is_refused(
    other: dict[str, object], image: Make, save: Save
) -> None:
    folder = save(image(0), image(1), image(2, **other))
    for uid in (None, "1.2.3.4"):
        with pytest.raises(InputError, match=r"mixes images that do not stack .* list"):
            read_ct(folder, series_uid=uid)
    chosen = [folder / "999.dcm", folder / "998.dcm"]
    assert read_ct(chosen).grid.shape[0] == 2


def test_a_rounding_of_the_orientation_makes_no_other_series(
    image: Make, save: Save
) -> None:
    turned = [1.0, 0.00004, 0.0, -0.00004, 1.0, 0.0]
    ct = read_ct(save(image(0), image(1, ImageOrientationPatient=turned)))
    assert ct.grid.shape[0] == 2


def test_blank_uids_are_one_series_and_reported(image: Make, save: Save) -> None:
    blank = {"SeriesInstanceUID": None, "FrameOfReferenceUID": "", "SOPInstanceUID": ""}
    ct = read_ct(save(image(0, **blank), image(1, **blank), meta=False))
    assert ct.grid.frame_of_reference == ct.series_instance_uid == ""
    assert ct.sop_instance_uids == ("", "")
    assert ct.notes == (
        "Series Instance UID (0020,000E) is blank.",
        "Frame Of Reference UID (0020,0052) is blank.",
    )


def test_a_damaged_image_of_another_series_does_not_matter(
    image: Make, save: Save
) -> None:
    other = image(3, SeriesInstanceUID="1.2.99", RescaleType="Z_EFF")
    folder = save(image(0), image(1), other)
    assert read_ct(folder).grid.shape[0] == 2
    with pytest.raises(DicomError, match="Z_EFF"):
        read_ct(folder, series_uid="1.2.99")


def test_a_damaged_image_of_the_series_stops_it(image: Make, save: Save) -> None:
    folder = save(image(0), image(1), image(2, PixelSpacing=None))
    with pytest.raises(DicomError, match=r"997\.dcm: Pixel Spacing"):
        read_ct(folder)


def test_dicom_that_says_not_what_it_is_may_be_a_slice(image: Make, save: Save) -> None:
    folder = save(image(0), image(1))
    (folder / "broken").write_bytes(bytes(128) + b"DICM" + bytes(range(100)))
    with pytest.raises(DicomError, match=r"^broken: "):
        read_ct(folder)


def test_a_folder_without_ct_says_what_there_is(image: Make, save: Save) -> None:
    folder = save(image(SOPClassUID=RTSTRUCT, Modality="RTSTRUCT"))
    (folder / "x.txt").write_text("hello")
    sentence = r"no CT images here \(2 files looked at; 1 RTSTRUCT, 1 not DICOM\)"
    with pytest.raises(InputError, match=sentence):
        read_ct(folder)


def test_foreign_text_in_a_message_is_made_harmless(image: Make, save: Save) -> None:
    name = ("LO", "\x1b[31mred\r\n" + "x" * 500)
    other = image(1, SeriesInstanceUID="1.2.99", SeriesDescription=name)
    with pytest.raises(InputError) as caught:
        read_ct(save(image(0), other))
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400


def test_a_zip_archive_reads_as_its_folder(
    image: Make, save: Save, tmp_path: Path
) -> None:
    folder = save(image(0), image(1))
    plain = read_ct(folder)
    with zipfile.ZipFile(tmp_path / "ct.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.glob("*.dcm")):
            archive.write(file, f"a/b/{file.name}")
    zipped = read_ct(tmp_path / "ct.zip")
    assert zipped.sha256 == plain.sha256
