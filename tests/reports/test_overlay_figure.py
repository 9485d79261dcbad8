"""What is drawn lies where it is in the patient."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.contour import ContourSet

from kerma.core.dose import DoseUnits
from kerma.errors import GeometryError, InputError
from kerma.reports.overlay import overlay_figure, slice_sheet
from kerma.simulation.positions import PATIENT_POSITIONS
from kerma.simulation.rt_set import RTSet
from tests.reports.overlays import (
    LINEAR,
    SIDES,
    in_patient,
    key_texts,
    panel_of,
    small_set,
)

POINT = (-31.0, 13.0, 17.0)
LEVELS = (80.0, 100.0, 105.0)


@pytest.fixture(scope="module")
def patient() -> RTSet:
    return small_set()


@pytest.mark.parametrize(
    ("position", "tilt_deg"), [*((p, 0.0) for p in PATIENT_POSITIONS), ("FFP", 15.0)]
)
def test_isodose_lines_lie_where_a_linear_dose_has_their_value(
    position: str, tilt_deg: float
) -> None:
    made = small_set(position, tilt_deg)
    figure = overlay_figure(
        made.ct, made.dose, at=POINT, levels_percent=LEVELS, prescription_gy=50.0
    )
    for view, (_, _, along) in SIDES.items():
        (lines,) = [
            c for c in panel_of(figure, view).collections if isinstance(c, ContourSet)
        ]
        assert len(list(lines.levels)) == 3
        for level, path in zip(lines.levels, lines.get_paths(), strict=True):
            places = in_patient(np.asarray(path.vertices), view, POINT[along])
            assert len(places) > 20
            np.testing.assert_allclose(LINEAR(places), level, atol=2e-4)


@pytest.mark.parametrize("position", ["HFS", "FFP", "HFDL"])
def test_every_patient_is_seen_the_same_way_round(position: str) -> None:
    """Left on the right, anterior and head up; anterior on the left from the side."""
    made = small_set(position)
    figure = overlay_figure(made.ct, made.dose, at=POINT)
    for view, letters in {
        "axial": "RLAP",
        "coronal": "RLHF",
        "sagittal": "APHF",
    }.items():
        ax = panel_of(figure, view)
        assert "".join(text.get_text() for text in ax.texts[:4]) == letters
        assert ax.get_xlim()[0] < ax.get_xlim()[1]
        assert (ax.get_ylim()[0] > ax.get_ylim()[1]) == (view == "axial")


@pytest.mark.parametrize(
    ("position", "tilt_deg"), [("HFS", 0.0), ("FFDR", 0.0), ("HFP", 20.0)]
)
def test_the_gray_image_shows_the_ct_at_its_place(
    position: str, tilt_deg: float
) -> None:
    """Bone of the spine and air of both lungs are where the anatomy has them."""
    made = small_set(position, tilt_deg)
    figure = overlay_figure(made.ct, made.dose, at=(0.0, 75.0, 0.0))
    image = panel_of(figure, "axial").images[0]
    left, right, low, high = image.get_extent()
    hu = np.asarray(image.get_array())

    def at(x: float, y: float) -> float:
        row = int((y - low) / (high - low) * hu.shape[0])
        column = int((x - left) / (right - left) * hu.shape[1])
        return float(hu[row, column])

    assert at(0.0, 62.0) > 200
    assert at(-100.0, -25.0) == pytest.approx(-750, abs=2)
    assert at(85.0, -25.0) == pytest.approx(-750, abs=2)
    assert at(0.0, 20.0) == pytest.approx(20, abs=2)
    assert at(0.0, 125.0) == pytest.approx(-1000, abs=2)


def test_all_panels_have_one_scale_and_true_proportions(patient: RTSet) -> None:
    figure = overlay_figure(patient.ct, patient.dose)
    width, height = figure.get_size_inches()
    scales = []
    for view in SIDES:
        ax = panel_of(figure, view)
        box = ax.get_position(original=True)
        scales.append(np.ptp(ax.get_xlim()) / (box.width * width))
        scales.append(np.ptp(ax.get_ylim()) / (box.height * height))
        for image in ax.images:  # gray image and wash fill the panel
            left, right, low, high = image.get_extent()
            assert (left, right) == pytest.approx(ax.get_xlim())
            assert (low, high) == pytest.approx(sorted(ax.get_ylim()))
    np.testing.assert_allclose(scales, scales[0], rtol=1e-9)


def test_panels_and_key_do_not_overlap_and_stay_in_the_figure(patient: RTSet) -> None:
    figure = overlay_figure(patient.ct, patient.dose, patient.structures)
    figure.canvas.draw()
    boxes = [ax.get_position(original=True) for ax in figure.axes]
    for n, one in enumerate(boxes):
        assert min(one.x0, one.y0) >= 0
        assert max(one.x1, one.y1) <= 1
        for other in boxes[n + 1 :]:
            apart = (
                one.x1 <= other.x0
                or other.x1 <= one.x0
                or one.y1 <= other.y0
                or other.y1 <= one.y0
            )
            assert apart
    texts = [t for ax in figure.axes for t in ax.texts]
    for text in texts:
        extent = text.get_window_extent()
        assert extent.x0 >= 0
        assert extent.x1 <= figure.bbox.width


def test_the_scale_bar_is_as_long_as_it_says(patient: RTSet) -> None:
    figure = overlay_figure(patient.ct, patient.dose)
    ax = panel_of(figure, "coronal")
    (bar,) = [line for line in ax.lines if line.get_gid() == "scale bar"]
    length = float(np.ptp(np.asarray(bar.get_xdata())))
    assert f"{length:g} mm" in [text.get_text() for text in ax.texts]


def test_the_key_names_the_doses_in_gy_and_percent(patient: RTSet) -> None:
    figure = overlay_figure(
        patient.ct, patient.dose, levels_percent=(95, 300), prescription_gy=50.0
    )
    texts = key_texts(figure)
    assert "100 % = 50.00 Gy (prescription)" in texts
    assert "95 %  =  47.50 Gy" in texts
    assert "300 %  =  150.00 Gy, not reached" in texts
    maximum = float(patient.dose.gy.max())
    assert f"Maximum {maximum:.2f} Gy ({2 * maximum:.1f} %)" in texts


def test_a_dose_that_reaches_no_level_is_drawn_without_lines(patient: RTSet) -> None:
    figure = overlay_figure(patient.ct, patient.dose, prescription_gy=1000.0)
    assert not any(isinstance(c, ContourSet) for c in figure.axes[0].collections)
    assert "30 %  =  300.00 Gy, not reached" in key_texts(figure)
    assert slice_sheet(patient.ct, patient.dose, prescription_gy=1000.0).axes


def test_without_a_prescription_the_maximum_is_100_percent(patient: RTSet) -> None:
    texts = key_texts(overlay_figure(patient.ct, patient.dose))
    assert f"100 % = {patient.dose.gy.max():.2f} Gy (maximum)" in texts
    assert not any(text.startswith("100 %  =") for text in texts)


def test_a_relative_dose_is_spoken_of_in_percent_only(patient: RTSet) -> None:
    relative = replace(patient.dose, units=DoseUnits.RELATIVE)
    texts = key_texts(overlay_figure(patient.ct, relative))
    assert "100 % = maximum" in texts
    assert "95 %" in texts
    assert not any("Gy" in text for text in texts)
    with pytest.raises(InputError, match="relative"):
        overlay_figure(patient.ct, relative, prescription_gy=50.0)


def test_the_key_lists_structures_seen_elsewhere_and_empty(patient: RTSet) -> None:
    structures = list(patient.structures)
    structures[1] = replace(structures[1], contours=())  # lung right
    # The heart does not reach the cuts.
    structures[3] = replace(structures[3], name="Heart $_2$ \n" + 40 * "x")
    drawn = replace(patient.structures, structures=tuple(structures))
    figure = overlay_figure(patient.ct, patient.dose, drawn, at=(105.0, 20.0, 40.0))
    texts = key_texts(figure)
    assert "Lung left" in texts
    assert "Empty: Lung right" in texts
    assert "Not in these cuts: Heart $_2$" in " ".join(texts)
    figure.canvas.draw()  # no name is taken for a formula


def test_a_single_view_draws_one_cut(patient: RTSet) -> None:
    figure = overlay_figure(patient.ct, patient.dose, view="sagittal")
    assert [ax.get_gid() for ax in figure.axes] == ["sagittal", "key"]
    with pytest.raises(InputError, match="oblique"):
        overlay_figure(patient.ct, patient.dose, view="oblique")  # type: ignore[arg-type]


def test_a_ct_of_one_slice_is_drawn_with_its_dose(patient: RTSet) -> None:
    grid = replace(patient.ct.grid, shape=(1, 40, 40), origin=(-195.0, -195.0, 4.0))
    one = replace(patient.ct, array=patient.ct.hu[12:13].copy(), grid=grid)
    figure = overlay_figure(one, patient.dose, patient.structures)
    assert "Slate: no CT there" in key_texts(figure)
    assert len(slice_sheet(one, patient.dose).axes) == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"levels_percent": ()}, "isodose levels"),
        ({"levels_percent": (50, -1)}, "isodose levels"),
        ({"levels_percent": (100,)}, "below"),
        ({"prescription_gy": 0.0}, "prescription"),
        ({"at": (0.0, 0.0, 900.0)}, "900.0"),
        ({"at": (float("nan"), 0.0, 0.0)}, "nan"),
        ({"window": (40.0, 0.0)}, "gray scale"),
    ],
)
def test_what_makes_no_sense_is_refused(
    patient: RTSet, options: dict[str, object], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        overlay_figure(patient.ct, patient.dose, **options)  # type: ignore[arg-type]


def test_a_dose_in_another_frame_of_reference_is_refused(patient: RTSet) -> None:
    grid = replace(patient.dose.grid, frame_of_reference="1.2.3.4")
    moved = replace(patient.dose, grid=grid)
    with pytest.raises(GeometryError, match=r"1\.2\.3\.4"):
        overlay_figure(patient.ct, moved)


def test_a_structure_in_another_frame_of_reference_is_refused(patient: RTSet) -> None:
    first, *others = patient.structures
    strange = replace(first, frame_of_reference="1.2.3.4")
    structures = replace(patient.structures, structures=(strange, *others))
    with pytest.raises(GeometryError, match="ROI number 1"):
        overlay_figure(patient.ct, patient.dose, structures)


def test_a_sheet_shows_slices_a_step_apart_from_the_head_down(patient: RTSet) -> None:
    figure = slice_sheet(patient.ct, patient.dose, step_mm=20.0, levels_percent=(60,))
    places = [
        float(str(ax.get_label())) for ax in figure.axes if ax.get_gid() == "axial"
    ]
    assert np.diff(places).tolist() == pytest.approx([-20.0] * (len(places) - 1))
    assert "From the head down, 20 mm apart" in " ".join(key_texts(figure))
    for step in (0.0, -1.0, 0.1):
        with pytest.raises(InputError, match="step"):
            slice_sheet(patient.ct, patient.dose, step_mm=step)


def test_a_sheet_of_its_own_choice_lies_on_slices_of_the_ct(patient: RTSet) -> None:
    figure = slice_sheet(patient.ct, patient.dose, patient.structures)
    places = [
        float(str(ax.get_label())) for ax in figure.axes if ax.get_gid() == "axial"
    ]
    assert 5 < len(places) <= 20
    index = (np.array(places) - patient.ct.grid.origin[2]) / 8.0
    np.testing.assert_allclose(index, np.rint(index), atol=1e-6)
