"""The sample: rods on a ring of 60 mm; CT numbers and RED on one straight line."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Sequence

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle
from matplotlib.text import Text

from kerma.core.arrays import FloatArray
from kerma.core.grid import Grid
from kerma.core.result import Verdict
from kerma.core.volume import CT, Acquisition
from kerma.errors import InputError
from kerma.workflows.ct_calibration.constancy import Constancy, Deviation
from kerma.workflows.ct_calibration.curve import CurvePoint, fit_curve
from kerma.workflows.ct_calibration.figures import (
    plot_constancy,
    plot_curve,
    plot_regions,
    plot_residuals,
    plot_slice_means,
)
from kerma.workflows.ct_calibration.figures.regions import direction_letters
from kerma.workflows.ct_calibration.figures.style import (
    VERDICT_COLORS,
    VERDICT_MARKERS,
    WARNING,
    signed,
    spread,
    words,
)
from kerma.workflows.ct_calibration.result import (
    Calibration,
    Identity,
    InsertReading,
    PhantomPose,
    Recognition,
    Uncertainty,
)

CATPHAN_HU = (-990.0, -197.0, -102.0, -46.0, 115.0, 339.0, 987.0)
MIDDLE = (12.0, -7.0, 4.0)


def make_grid(
    *, axes: tuple[tuple[float, float, float], ...] = ((0, 0, 1), (0, 1, 0), (1, 0, 0))
) -> Grid:
    """Eight slices of 150 x 100 pixels; pixels of 2 x 3 mm, the middle at MIDDLE."""
    k, j, i = (np.array(axis, dtype=float) for axis in axes)
    origin = np.array(MIDDLE) - 3 * 2.5 * k - 75 * 2.0 * j - 50 * 3.0 * i
    return Grid(
        shape=(8, 150, 100),
        origin=tuple(float(v) for v in origin),  # type: ignore[arg-type]  # three of them
        spacing=(2.5, 2.0, 3.0),
        axes=tuple(tuple(float(v) for v in axis) for axis in axes),  # type: ignore[arg-type]  # three of three
        frame_of_reference="1.2.3",
    )


def make_reading(number: int, hu: float, angle_deg: float) -> InsertReading:
    angle = np.deg2rad(angle_deg)
    x, y = MIDDLE[0] + 60 * np.cos(angle), MIDDLE[1] + 60 * np.sin(angle)
    return InsertReading(
        name=f"rod_{number}",
        material=f"material_{number}",
        seed_name="",
        red=1 + hu / 1000,
        red_uncertainty=0.005,
        identity=Identity.CONFIRMED,
        remark="",
        expected_hu=hu - 2.0,
        residual_hu=2.0,
        mean_hu=hu,
        sd_hu=10.0,
        median_hu=hu,
        voxels=400,
        effective_voxels=100.0,
        slice_means_hu=(hu - 1, hu, hu + 1),
        center_mm=(float(x), float(y), MIDDLE[2]),
        center_column=0.0,
        center_row=0.0,
        insert_radius_mm=6.0,
        region_radius_mm=4.0,
        fit_residual_mm=None,
        uncertainty=Uncertainty(1.0, 0.0, 0.0, 0.0, 5.0, -0.5),
    )


def make_calibration(hu: Sequence[float] = CATPHAN_HU) -> Calibration:
    angles = 360 / len(hu) * np.arange(len(hu)) - 90
    readings = tuple(
        make_reading(n, value, angle)
        for n, (value, angle) in enumerate(zip(hu, angles, strict=True))
    )
    points = [
        CurvePoint((r.material,), r.mean_hu, 1.5, r.red or 0.0, 0.005, 1)
        for r in readings
    ]
    return Calibration(
        recognition=Recognition(
            phantom="ring",
            title="Ring",
            seed_name="",
            score=0.9,
            margin=None,
            candidates=(),
            undecided_models=(),
            undecided_pairs=(),
            geometry_verified=True,
            caveat="",
        ),
        serial_number=None,
        acquisition=Acquisition(),
        pose=PhantomPose(
            center_mm=MIDDLE,
            roll_deg=0.0,
            tilt_deg=None,
            yaw_deg=None,
            mirrored=False,
            scale=1.0,
            residual_mm=0.0,
            slice_positions_mm=(-2.5, 0.0, 2.5),
            slice_indices=(2, 3, 4),
        ),
        readings=readings,
        edge_spread_mm=None,
        curve=fit_curve(points),
    )


def make_ct(grid: Grid | None = None) -> CT:
    """Slice k is -100 + 100 k HU everywhere: the measured ones have mean 200."""
    grid = make_grid() if grid is None else grid
    values = (-100 + 100 * np.arange(8)).astype(np.int16)
    return CT(
        array=np.broadcast_to(values[:, None, None], grid.shape).copy(), grid=grid
    )


def doubt(calibration: Calibration, number: int, mean_hu: float) -> Calibration:
    """The same with one insert that reads as another."""
    readings = list(calibration.readings)
    readings[number] = dataclasses.replace(
        readings[number],
        identity=Identity.SWAPPED,
        mean_hu=mean_hu,
        residual_hu=mean_hu - readings[number].expected_hu,
    )
    return dataclasses.replace(calibration, readings=tuple(readings))


def deviation(
    change_hu: float | None,
    *,
    tolerance_hu: float | None = 30.0,
    action_hu: float | None = 50.0,
) -> Deviation:
    return Deviation(
        insert="rod_1",
        material="m",
        change_hu=change_hu,
        uncertainty_hu=None if change_hu is None else 3.0,
        tolerance_hu=tolerance_hu,
        action_hu=action_hu,
    )


def plot(*rows: Deviation) -> Axes:
    return plot_constancy(
        Constancy(baseline="b", tolerances="t", deviations=rows, pearson_r=None)
    )


def points_of(line: Line2D) -> FloatArray:
    """(n, 2) points of a line."""
    return np.column_stack([np.asarray(v, float) for v in line.get_data()])


def figure_of(ax: Axes) -> Figure:
    figure = ax.get_figure(root=True)
    assert figure is not None
    return figure


def overlaps(texts: Sequence[Text]) -> list[tuple[str, str]]:
    boxes = [(text.get_text(), Text.get_window_extent(text)) for text in texts]
    return [
        (first, second)
        for n, (first, box) in enumerate(boxes)
        for second, other in boxes[n + 1 :]
        if box.overlaps(other)
    ]


def outside(texts: Sequence[Text], figure: Figure) -> list[str]:
    frame = figure.bbox.padded(1)
    boxes = [(text.get_text(), Text.get_window_extent(text)) for text in texts]
    return [
        text
        for text, box in boxes
        if not (frame.contains(*box.min) and frame.contains(*box.max))
    ]


def test_the_line_drawn_is_the_curve_with_hu_to_the_right() -> None:
    calibration = make_calibration()
    ax = plot_curve(calibration)
    drawn = next(line for line in ax.lines if line.get_marker() == "s")
    points = calibration.curve.points
    np.testing.assert_array_equal(points_of(drawn), [(p.hu, p.red) for p in points])


def test_the_band_is_two_standard_uncertainties_of_the_curve_wide() -> None:
    calibration = make_calibration()
    band = next(
        c for c in plot_curve(calibration).collections if isinstance(c, PolyCollection)
    )
    vertices = np.asarray(band.get_paths()[0].vertices)
    here = vertices[np.isclose(vertices[:, 0], 339.0)]
    width = 4 * float(calibration.curve.red_uncertainty_at(339.0))
    assert np.ptp(here[:, 1]) == pytest.approx(width)


def test_the_error_bars_are_95_percent_intervals_and_leave_the_certificate_to_red() -> (
    None
):
    ax = plot_curve(make_calibration())
    bars = ax.containers[0]
    horizontal, vertical = (group.get_segments() for group in bars[2])
    assert np.ptp(horizontal[0][:, 0]) == pytest.approx(2 * (2 * 1.0 + 0.5))
    assert np.ptp(vertical[0][:, 1]) == pytest.approx(2 * 2 * 0.005)


def test_everything_drawn_lies_inside_the_axes() -> None:
    calibration = doubt(make_calibration(CATPHAN_HU[:5]), 2, 1500.0)
    ax = plot_curve(calibration)
    low, high = ax.get_xlim()
    assert low < -990.0
    assert high > 1500.0


def test_a_doubtful_insert_is_hollow_red_and_named() -> None:
    ax = plot_curve(doubt(make_calibration(), 5, 987.0))
    hollow = [line for line in ax.lines if line.get_markerfacecolor() == "white"]
    assert any(line.get_color() == WARNING for line in hollow)
    assert "Rod 5: swapped" in [text.get_text() for text in ax.texts]


def test_without_a_doubtful_insert_nothing_is_red() -> None:
    ax = plot_curve(make_calibration())
    assert all(line.get_color() != WARNING for line in ax.lines)


@pytest.mark.parametrize(
    "hu",
    [
        pytest.param(CATPHAN_HU, id="catphan"),
        pytest.param((-812, -513, -78, -47, 3, 47, 53, 310, 1170), id="crowded"),
    ],
)
def test_the_labels_of_the_curve_neither_overlap_nor_leave_the_axes(
    hu: Sequence[float],
) -> None:
    ax = plot_curve(make_calibration(hu))
    figure_of(ax).draw_without_rendering()
    assert len(ax.texts) == len(hu)
    assert overlaps(ax.texts) == []
    frame = ax.get_window_extent()
    for text in ax.texts:
        box = Text.get_window_extent(text)
        assert frame.contains(*box.min)
        assert frame.contains(*box.max)


def test_given_axes_take_the_curve_alone() -> None:
    figure = Figure()
    ax = figure.add_subplot()
    assert plot_curve(make_calibration(), ax) is ax
    assert figure.axes == [ax]


def test_residuals_are_drawn_with_their_expanded_uncertainty() -> None:
    calibration = make_calibration()
    ax = plot_residuals(calibration)
    bars = ax.containers[0]
    (vertical,) = (group.get_segments() for group in bars[2])
    expanded = calibration.readings[0].uncertainty.expanded_hu
    np.testing.assert_allclose(vertical[0][:, 1], [2 - expanded, 2 + expanded])


def test_a_residual_beyond_the_scale_is_an_arrow_with_its_value() -> None:
    ax = plot_residuals(doubt(make_calibration(), 5, 987.0))
    assert ax.get_ylim()[1] < 20
    assert [text.get_text() for text in ax.texts] == ["Rod 5 650 HU"]


def test_regions_lie_where_they_were_measured_in_mm_on_pixels_of_any_shape() -> None:
    calibration = make_calibration()
    ax = plot_regions(calibration, make_ct())
    circles = [p for p in ax.patches if isinstance(p, Circle)]
    solid = [c for c in circles if c.radius == pytest.approx(4.0)]
    assert len(solid) == len(circles) / 2 == 7
    for circle, reading in zip(solid, calibration.readings, strict=True):
        x, y, _ = np.array(reading.center_mm) - MIDDLE
        assert circle.center == pytest.approx((x, y))
    assert ax.get_aspect() == 1.0


def test_the_image_is_the_mean_of_the_measured_slices_with_its_pixels_in_place() -> (
    None
):
    ax = plot_regions(make_calibration(), make_ct())
    (image,) = ax.images
    shown = np.asarray(image.get_array())
    assert np.all(shown == 200.0)
    left, right, bottom, top = image.get_extent()
    assert (right - left, bottom - top) == pytest.approx(
        (shown.shape[1] * 3.0, shown.shape[0] * 2.0)
    )
    # Voxel centers lie at multiples of the spacing from the middle, edges between.
    assert left % 3.0 == pytest.approx(1.5)
    assert top % 2.0 == pytest.approx(1.0)


def test_the_gray_scale_is_centered_on_the_ct_number_between_the_inserts() -> None:
    (image,) = plot_regions(make_calibration(), make_ct()).images
    assert image.get_clim() == (-100.0, 500.0)


@pytest.mark.parametrize("number", [7, 17])
def test_the_labels_of_the_regions_do_not_overlap_and_are_not_cut(number: int) -> None:
    calibration = make_calibration(np.linspace(-990, 1200, number).tolist())
    ax = plot_regions(doubt(calibration, 1, 0.0), make_ct())
    figure = figure_of(ax)
    figure.draw_without_rendering()
    assert len(ax.texts) == number + 5  # four directions and the scale bar
    assert overlaps(ax.texts) == []
    assert outside([*ax.texts, ax.title], figure) == []


def test_a_doubtful_region_says_so_in_another_color() -> None:
    ax = plot_regions(doubt(make_calibration(), 5, 987.0), make_ct())
    marked = [text for text in ax.texts if text.get_color() == WARNING]
    assert [text.get_text() for text in marked] == ["Rod 5: swapped\n987.0 ± 10.7 HU"]


@pytest.mark.parametrize(
    ("axes", "left_right_top_bottom"),
    [
        (((0, 0, 1), (0, 1, 0), (1, 0, 0)), "RLAP"),
        (((0, 0, -1), (0, 1, 0), (-1, 0, 0)), "LRAP"),
        (((0, 0, 1), (0, -1, 0), (-1, 0, 0)), "LRPA"),
    ],
)
def test_the_letters_follow_the_axes_of_the_grid(
    axes: tuple[tuple[float, float, float], ...], left_right_top_bottom: str
) -> None:
    ax = plot_regions(make_calibration(), make_ct(make_grid(axes=axes)))
    letters = [t.get_text() for t in ax.texts if t.get_text() in set("LRAPHF")]
    assert "".join(letters) == left_right_top_bottom


def test_an_oblique_direction_has_two_letters() -> None:
    assert direction_letters(np.array([0.8, 0.6, 0.0])) == "LP"
    assert direction_letters(np.array([0.1, 0.0, -0.99])) == "F"


def test_another_scan_is_refused() -> None:
    grid = dataclasses.replace(make_grid(), shape=(4, 150, 100))
    short = CT(array=np.zeros(grid.shape, dtype=np.int16), grid=grid)
    with pytest.raises(InputError, match=r"Slices 2 to 4 .* has 4\. Is it the scan"):
        plot_regions(make_calibration(), short)


def test_each_change_stands_in_its_row_with_the_shape_and_color_of_its_verdict() -> (
    None
):
    rows = (deviation(1.0), deviation(-31.0), deviation(62.0), deviation(None))
    ax = plot(*rows)
    drawn = {
        tuple(points_of(line)[0]): line
        for line in ax.lines
        if line.get_marker() in VERDICT_MARKERS.values()
    }
    assert list(drawn) == [(1.0, 0.0), (-31.0, 1.0), (62.0, 2.0)]
    for row, line in zip(rows, drawn.values(), strict=False):
        assert line.get_marker() == VERDICT_MARKERS[row.verdict]
        assert line.get_color() == VERDICT_COLORS[row.verdict]


def test_every_verdict_has_a_shape_and_a_color_of_its_own() -> None:
    for table in (VERDICT_MARKERS, VERDICT_COLORS):
        assert set(table) == set(Verdict)
        assert len(set(table.values())) == len(Verdict)


def test_the_limits_are_drawn_as_wide_as_they_are() -> None:
    ax = plot(deviation(0.0))
    widths = [bar.get_width() for bar in ax.patches]  # type: ignore[attr-defined]  # bars are rectangles
    assert widths == [100.0, 60.0]


def test_a_huge_change_is_an_arrow_at_the_edge_and_keeps_its_value() -> None:
    ax = plot(deviation(-640.0))
    low, _ = ax.get_xlim()
    assert low == pytest.approx(-1.15 * 100)
    assert [n.get_marker() for n in ax.lines if len(points_of(n)) == 1] == ["<"]
    assert "−640.0" in [text.get_text() for text in ax.texts]


def test_a_row_that_cannot_be_judged_has_a_word_and_no_marker() -> None:
    ax = plot(deviation(None))
    assert [text.get_text() for text in ax.texts] == ["–", "inconclusive"]


def test_a_row_without_limits_and_a_check_without_rows_can_be_drawn() -> None:
    assert len(plot(deviation(3.0, tolerance_hu=None, action_hu=None)).patches) == 0
    figure_of(plot()).draw_without_rendering()


def test_the_words_of_the_constancy_chart_neither_overlap_nor_are_cut() -> None:
    ax = plot(*(deviation(change) for change in (1.0, -31.0, 62.0, None)))
    figure = figure_of(ax)
    figure.draw_without_rendering()
    texts = [*ax.texts, *ax.get_yticklabels()]
    assert overlaps(texts) == []
    assert outside(texts, figure) == []


def test_slices_are_drawn_as_their_distance_from_the_mean() -> None:
    figure = plot_slice_means(make_calibration())
    line = next(line for line in figure.axes[0].lines if line.get_marker() == "o")
    np.testing.assert_allclose(points_of(line), [(-2.5, -1), (0, 0), (2.5, 1)])


def test_each_insert_has_a_chart_and_no_chart_is_empty() -> None:
    figure = plot_slice_means(make_calibration())
    titles = [ax.get_title(loc="left") for ax in figure.axes if ax.axison]
    assert titles == [f"Rod {n}" for n in range(7)]


def test_figures_can_be_saved_without_a_window() -> None:
    calibration = make_calibration()
    for figure in (
        figure_of(plot_curve(calibration)),
        figure_of(plot_regions(calibration, make_ct())),
        plot_slice_means(calibration),
        figure_of(plot(deviation(1.0))),
    ):
        stream = io.BytesIO()
        figure.savefig(stream, format="png")
        assert stream.getvalue().startswith(b"\x89PNG")


def test_places_with_room_stay_and_crowded_ones_share_the_room_in_order() -> None:
    def places(*wanted: float) -> list[float]:
        return spread(wanted, gap=2.0, low=0.0, high=10.0).round(9).tolist()

    assert places(1.0, 5.0) == [1.0, 5.0]
    assert places(5.0, 5.0) == [4.0, 6.0]
    assert places(9.0, 1.0) == [9.0, 1.0]
    assert places(10.0, 10.0) == [8.0, 10.0]
    assert places() == []


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("air_top", "Air top"),
        ("inner_bone200", "Inner bone 200"),
        ("ldpe", "LDPE"),
        ("", ""),
    ],
)
def test_a_key_is_written_as_words(key: str, text: str) -> None:
    assert words(key) == text


def test_a_number_in_a_figure_has_a_true_minus_and_zero_no_sign() -> None:
    assert (signed(-990.24), signed(-0.01), signed(2.0, 2)) == ("−990.2", "0.0", "2.00")
