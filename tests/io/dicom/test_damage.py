"""Damage that pydicom passes over."""

from __future__ import annotations

import io

import pytest
from pydicom import Dataset, dcmread

from kerma.errors import DicomError
from kerma.io.dicom.damage import refuse_damage
from kerma.io.dicom.item import Item


def parsed(content: bytes) -> Item:
    return Item(dcmread(io.BytesIO(content), force=True), "a.dcm", "ROI 1")


# Explicit little endian: Patient ID of 6 bytes, Patient Name of 4.
NAME = b"\x10\x00\x10\x00PN\x04\x00A^B "
IDENTITY = b"\x10\x00\x20\x00LO\x06\x00SECRET"


def test_whole_elements_pass() -> None:
    refuse_damage(parsed(NAME + IDENTITY))
    refuse_damage(Item(Dataset(), "a.dcm"))


def test_an_element_cut_short_is_refused_and_not_quoted() -> None:
    message = (
        r"a\.dcm: ROI 1: is cut off or damaged: \(0010,0020\) declares 6 bytes, but 5 "
        r"are there\. Export it again\."
    )
    with pytest.raises(DicomError, match=message) as error:
        refuse_damage(parsed((NAME + IDENTITY)[:-1]))
    assert "SECR" not in str(error.value)


def test_the_end_of_a_sequence_out_of_place_is_refused() -> None:
    item = Dataset()
    item.add_new(0xFFFEE0DD, "UN", b"")
    with pytest.raises(DicomError, match="a sequence ends where none is open"):
        refuse_damage(Item(item, "a.dcm"))
