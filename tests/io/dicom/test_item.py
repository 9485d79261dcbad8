"""Typed access to data sets."""

from __future__ import annotations

import io
import warnings
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread, dcmwrite
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from kerma.errors import DicomError
from kerma.io.dicom.item import Item, element_name

PLACE = b"77777777"  # bytes that the patch replaces


def item(*, implicit: bool = False, patch: bytes = b"", **elements: Any) -> Item:
    """Elements by keyword as they come from a file; a pair gives VR and value."""
    data = Dataset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for keyword, value in elements.items():
            if isinstance(value, tuple):
                data.add_new(tag_for_keyword(keyword) or 0, *value)
            else:
                setattr(data, keyword, value)
        data.file_meta = FileMetaDataset()
        data.file_meta.TransferSyntaxUID = (
            ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
        )
        content = io.BytesIO()
        dcmwrite(content, data)
        patched = content.getvalue().replace(PLACE, patch.ljust(len(PLACE)))
        read = dcmread(io.BytesIO(patched), force=True)
    return Item(read, "a.dcm")


@pytest.mark.parametrize("implicit", [False, True])
def test_values_come_in_their_types(*, implicit: bool) -> None:
    plan = item(
        implicit=implicit,
        RTPlanLabel="Breast ",
        PixelSpacing=[1.5, 0.25],
        Rows=12,
        DoseGridScaling="1e-3",
        InstanceNumber="7",
        ImageType=["ORIGINAL", "PRIMARY"],
        PatientName="Doe^J",
    )
    assert plan.text("RTPlanLabel") == "Breast"
    np.testing.assert_array_equal(plan.required_numbers("PixelSpacing", 2), [1.5, 0.25])
    assert plan.integer("Rows") == 12
    assert plan.required_number("DoseGridScaling") == 1e-3
    assert plan.required_integer("InstanceNumber") == 7
    assert plan.texts("ImageType") == ("ORIGINAL", "PRIMARY")
    assert plan.text("PatientName") == "Doe^J"


def test_what_is_missing_or_empty_is_said_to_be() -> None:
    bare = item(PixelSpacing="", RTPlanLabel=" ")
    assert bare.numbers("PixelSpacing", 2) is None
    assert bare.number("Rows") is None
    assert bare.integer("Rows") is None
    assert bare.text("RTPlanLabel") == ""
    assert bare.texts("RTPlanLabel") == ()
    assert bare.items("BeamSequence") == ()
    assert not bare.has("PixelSpacing")
    assert bare.raw("Rows") is None


@pytest.mark.parametrize("call", ["number", "integer", "numbers", "text", "items"])
def test_what_is_required_is_missed_by_name_and_tag(call: str) -> None:
    with pytest.raises(DicomError, match=r"a\.dcm: Dose Units \(3004,0002\) is miss"):
        getattr(item(), f"required_{call}")("DoseUnits")


@pytest.mark.parametrize(
    "text", ["1\\x", "nan\\1", "1e400\\1", "1_0\\2", "0x1\\1", "\\1"]
)
def test_text_that_is_no_number_is_refused(text: str) -> None:
    odd = item(patch=text.encode(), PixelSpacing=PLACE.decode())
    with pytest.raises(DicomError, match=r"Pixel Spacing \(0028,0030\) is .*finite"):
        odd.numbers("PixelSpacing", 2)


def test_a_wrong_count_is_refused() -> None:
    with pytest.raises(DicomError, match="has 3 values; 2 are needed"):
        item(PixelSpacing=("LO", ["1", "2", "3"])).numbers("PixelSpacing", 2)


def test_a_wrong_value_representation_changes_no_number() -> None:
    assert item(Rows=("LO", "12")).integer("Rows") == 12
    assert item(DoseGridScaling=("FD", 0.25)).number("DoseGridScaling") == 0.25
    assert item(InstanceNumber=("US", 9)).integer("InstanceNumber") == 9


def test_a_fraction_is_no_count() -> None:
    with pytest.raises(DicomError, match=r"is 2\.5; a whole number is needed"):
        item(Rows=("DS", "2.5")).integer("Rows")


def test_a_message_leads_to_the_item_of_the_sequence() -> None:
    beams = [Dataset(), Dataset()]
    for number, beam in enumerate(beams, start=1):
        beam.BeamNumber = number
    second = item(BeamSequence=beams).items("BeamSequence")[1]
    assert second.required_integer("BeamNumber") == 2
    where = r"a\.dcm: Beam Sequence \(300A,00B0\) item 2, Beam Name \(300A,00C2\) is m"
    with pytest.raises(DicomError, match=where):
        second.required_text("BeamName")


def test_an_element_that_is_no_sequence_has_no_items() -> None:
    with pytest.raises(DicomError, match=r"Beam Sequence \(300A,00B0\) is no sequence"):
        item(BeamSequence=("LO", "x")).items("BeamSequence")


def test_only_known_keywords_have_a_name() -> None:
    assert element_name("DoseUnits") == "Dose Units (3004,0002)"
    with pytest.raises(KeyError):
        element_name("NoSuchThing")
