"""Setting elements."""

from __future__ import annotations

from typing import Any

import pytest
from pydicom import Dataset

from kerma.errors import InputError
from kerma.io.dicom.elements import new_item, put, put_or_blank, reference_item


def test_each_value_goes_in_as_its_representation_asks() -> None:
    item = new_item(
        BeamNumber=3.0,
        GantryAngle=1 / 3,
        IsocenterPosition=(1.0, 2.0, 3.0),
        TableTopPitchAngle=0.5,
        BeamName="Arc",
        ImageType=("ORIGINAL", "PRIMARY"),
        Rows=7,
        BeamSequence=[Dataset()],
        SOPInstanceUID="1.2",
    )
    assert item.BeamNumber == 3
    assert len(str(item.GantryAngle)) <= 16
    assert item.IsocenterPosition == [1, 2, 3]
    assert item.TableTopPitchAngle == 0.5
    assert (item.BeamName, item.ImageType) == ("Arc", ["ORIGINAL", "PRIMARY"])
    assert (item.Rows, len(item.BeamSequence)) == (7, 1)


@pytest.mark.parametrize("unknown", [None, "", ()])
def test_what_is_unknown_is_left_out_or_blank(unknown: Any) -> None:
    data = Dataset()
    put(data, BeamName=unknown, GantryAngle=None)
    assert len(data) == 0
    put_or_blank(data, BeamName=unknown, GantryAngle=None, BeamSequence=[])
    assert not data.BeamName
    assert data.GantryAngle is None
    assert len(data.BeamSequence) == 0


def test_zero_is_known() -> None:
    assert new_item(GantryAngle=0.0).GantryAngle == 0


def test_a_reference_names_class_and_instance() -> None:
    reference = reference_item("1.2.3", "1.2.3.4")
    assert reference.ReferencedSOPClassUID == "1.2.3"
    assert reference.ReferencedSOPInstanceUID == "1.2.3.4"


@pytest.mark.parametrize(
    ("elements", "message"),
    [
        ({"GantryAngle": float("nan")}, r"GantryAngle is nan, .* \(DS\)"),
        ({"BeamNumber": 1.5}, r"BeamNumber is 1.5, .* \(IS\)"),
        ({"BeamNumber": 2**31}, r"\(IS\)"),
        ({"Rows": -1}, r"\(US\)"),
        ({"SOPInstanceUID": "1..2"}, "no DICOM UID"),
        ({"RTPlanLabel": "x" * 17}, "RTPlanLabel cannot be written"),
    ],
)
def test_what_dicom_cannot_hold_is_refused(
    elements: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        new_item(**elements)
