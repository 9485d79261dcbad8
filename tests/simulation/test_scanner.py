from __future__ import annotations

import numpy as np
import pytest

from kerma.core.arrays import Vec3
from kerma.core.volume import Acquisition
from kerma.errors import GeometryError, InputError
from kerma.simulation.scanner import HUScale, Noise, Scanner, slice_stack

POSITIONS = ["HFS", "FFS", "HFP", "FFP", "HFDR", "HFDL", "FFDR", "FFDL"]


@pytest.mark.parametrize("position", POSITIONS)
def test_the_field_is_centered_in_every_patient_position(position: str) -> None:
    scanner = Scanner(
        matrix=(5, 7),
        pixel_mm=(2.0, 3.0),
        slice_positions_mm=(10.0, 14.0, 18.0),
        field_center_mm=(4.0, -6.0),
        patient_position=position,
    )
    grid = scanner.grid("1.2.3")
    assert grid.to_patient(np.array([1, 2, 3])) == pytest.approx([4, -6, 14])
    assert np.array(grid.axes[0]) == pytest.approx(grid.normal)
    assert grid.spacing == (4.0, 2.0, 3.0)


@pytest.mark.parametrize(
    ("position", "down", "right"),
    [
        ("HFS", (0, 1, 0), (1, 0, 0)),
        ("FFS", (0, 1, 0), (-1, 0, 0)),
        ("HFP", (0, -1, 0), (-1, 0, 0)),
        ("FFP", (0, -1, 0), (1, 0, 0)),
        ("HFDR", (-1, 0, 0), (0, 1, 0)),
        ("HFDL", (1, 0, 0), (0, -1, 0)),
    ],
)
def test_the_image_is_seen_from_the_foot_of_the_couch(
    position: str, down: Vec3, right: Vec3
) -> None:
    """Head first supine shows the patient's left on the right and his back below."""
    _, j, i = Scanner(patient_position=position).axes
    assert j == down
    assert i == right


def test_slices_of_a_feet_first_scan_run_towards_the_feet() -> None:
    scanner = Scanner(slice_positions_mm=(0.0, 2.0, 5.0), patient_position="FFS")
    grid = scanner.grid("1.2.3")
    z = grid.to_patient(np.array([[0, 0, 0], [1, 0, 0], [2, 0, 0]]))[:, 2]
    assert z == pytest.approx([5, 2, 0])
    assert grid.offsets == (0.0, 3.0, 5.0)


def test_gaps_between_slices_are_kept() -> None:
    grid = Scanner(slice_positions_mm=(0.0, 2.0, 4.0, 10.0)).grid("1.2.3")
    assert grid.offsets == (0.0, 2.0, 4.0, 10.0)
    assert grid.spacing[0] == 2.0


def test_even_slices_have_no_offsets_and_one_slice_has_its_thickness() -> None:
    assert Scanner(slice_positions_mm=slice_stack(9, 1.25)).grid("1").is_even
    single = Scanner(slice_positions_mm=(3.0,), slice_thickness_mm=5.0).grid("1")
    assert single.spacing[0] == 5.0


def test_a_stack_of_slices_lies_about_its_center() -> None:
    assert slice_stack(4, 2.0, center_mm=10.0) == (7.0, 9.0, 11.0, 13.0)


def test_the_aperture_of_a_pixel_adds_to_the_blur() -> None:
    """A square of side d has the variance d²/12."""
    ((weight, sigma),) = Scanner(psf_mm=0.6, pixel_mm=(0.9, 0.4)).blur
    assert (weight, sigma) == pytest.approx((1, np.sqrt(0.36 + 0.03)))


def test_an_enhancing_kernel_keeps_the_mean() -> None:
    (narrow, fine), (wide, coarse) = Scanner(psf_mm=0.6, overshoot=0.3).blur
    assert narrow + wide == pytest.approx(1)
    assert narrow == pytest.approx(1.3)
    assert coarse > 1.9 * fine


def test_the_scale_of_a_scanner_is_linear_between_its_limits() -> None:
    scale = HUScale(gain=0.8, offset_hu=12.0)
    assert scale.of(100.0) == pytest.approx(92)
    assert scale.of(8000.0) == 3071
    assert HUScale().of(-1050.0) == -1024


def test_the_files_say_how_the_scan_was_made() -> None:
    scanner = Scanner(
        kv=100.0,
        slice_thickness_mm=3.0,
        patient_position="HFP",
        labels=Acquisition(manufacturer="Maker", study_date="20240102"),
    )
    made = scanner.acquisition
    assert (made.kv, made.slice_thickness_mm, made.patient_position) == (100, 3, "HFP")
    assert (made.manufacturer, made.study_date) == ("Maker", "20240102")
    assert made.rescale_type == "HU"


def test_impossible_scanners_are_refused() -> None:
    with pytest.raises(GeometryError, match="positive size"):
        Scanner(psf_mm=0.0)
    with pytest.raises(GeometryError, match="ascend"):
        Scanner(slice_positions_mm=(1.0, 0.0))
    with pytest.raises(GeometryError, match="ascend"):
        Scanner(slice_positions_mm=())
    with pytest.raises(GeometryError, match="no patient position 'SITTING'"):
        Scanner(patient_position="SITTING")
    with pytest.raises(InputError, match="Noise is not negative"):
        Noise(sd_hu=-1.0)
    with pytest.raises(InputError, match=r"between 0 and 0\.5; got 0\.7"):
        Noise(slice_correlation=0.7)
