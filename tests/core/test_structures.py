"""Structures and sets of them."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.core.structures import Contour, ContourKind, Structure, StructureSet
from kerma.core.transform import AffineTransform
from kerma.errors import GeometryError, InputError

SQUARE = np.array([[0.0, 0, 5], [10, 0, 5], [10, 10, 5], [0, 10, 5]])


def test_a_structure_is_found_by_name_and_by_number() -> None:
    lung, heart = Structure(3, "Lung"), Structure(7, "Heart")
    both = StructureSet((lung, heart))
    assert both["Heart"] is heart
    assert both[3] is lung
    assert both.names == ("Lung", "Heart")
    assert len(both) == len(list(both)) == 2
    with pytest.raises(InputError, match="No structure 'Cord'; there are: 3 'Lung', 7"):
        both["Cord"]


def test_a_name_given_twice_needs_the_number() -> None:
    both = StructureSet((Structure(1, "PTV"), Structure(2, "PTV")))
    with pytest.raises(InputError, match=r"choose one by its number \(1, 2\)"):
        both["PTV"]
    assert both[2].number == 2


def test_numbers_are_distinct() -> None:
    with pytest.raises(InputError, match="its own number"):
        StructureSet((Structure(1, "A"), Structure(1, "B")))


@pytest.mark.parametrize("points", [np.zeros((0, 3)), np.zeros((4, 2)), SQUARE[0]])
def test_a_contour_is_a_list_of_positions(points: np.ndarray) -> None:
    with pytest.raises(GeometryError, match="list of"):
        Contour(points)


def test_a_contour_has_finite_positions() -> None:
    with pytest.raises(GeometryError, match="finite"):
        Contour(SQUARE * np.nan)


def test_only_closed_contours_enclose_an_area() -> None:
    kinds = [Contour(SQUARE, kind) for kind in ContourKind]
    structure = Structure(1, "Mixed", tuple(kinds))
    assert [c.kind.name for c in structure.closed_contours] == [
        "CLOSED_PLANAR",
        "CLOSED_PLANAR_XOR",
    ]
    assert Structure(1, "Empty").is_empty


def test_a_structure_is_mapped_to_another_frame() -> None:
    shift = np.eye(4)
    shift[:3, 3] = 1, 2, 3
    transform = AffineTransform(shift, "1.1", "1.2")
    square = Structure(1, "A", (Contour(SQUARE, image_uid="9"),))
    with pytest.raises(GeometryError, match=r"\(none\), but the transform starts"):
        square.mapped(transform)
    square = Structure(1, "A", square.contours, frame_of_reference="1.1")
    mapped = square.mapped(transform)
    np.testing.assert_allclose(
        mapped.contours[0].points, SQUARE + np.array([1.0, 2, 3])
    )
    assert mapped.frame_of_reference == "1.2"
    assert not mapped.contours[0].image_uid
