"""The page of a breast and its charts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kerma.errors import InputError
from kerma.reports.breast_ct.figures_charts import (
    plot_depths,
    plot_histogram,
    plot_quadrants,
    plot_rings,
)
from kerma.reports.breast_ct.figures_planes import overview, plot_planes
from kerma.reports.breast_ct.figures_skin import plot_skin
from kerma.reports.breast_ct.sheet import breast_html
from kerma.reports.page import png_of
from kerma.workflows.breast_ct.flags import Flag, Severity
from kerma.workflows.breast_ct.result import BreastCT
from kerma.workflows.breast_ct.tissues import Tissue
from tests.reports.breast_ct.small_breasts import small_breast


def changed(**values: object) -> BreastCT:
    return replace(small_breast().result, **values)  # type: ignore[arg-type]  # as given


@pytest.fixture(scope="module")
def page() -> str:
    flag = Flag("odd", Severity.LOOK, "Something <is> odd.")
    result = changed(flags=(flag,), scan="A & B")
    return breast_html(replace(small_breast(), result=result))


def test_flags_stand_on_top_in_words(page: str) -> None:
    assert "LOOK AT IT" in page
    assert page.index("Something &lt;is&gt; odd.") < page.index("Glandularity")
    assert "A &amp; B" in page
    assert "A & B" not in page


def test_the_page_needs_nothing_from_outside(page: str) -> None:
    for word in ("http://", "https://", "<script", "<link"):
        assert word not in page
    assert page.count("data:image/png") == 2
    assert page.count("data:image/svg+xml") == 4


def test_the_headline_and_its_interval_are_those_of_the_result(page: str) -> None:
    gland = small_breast().result.glandularity.vgf
    assert f"{100 * gland.value:.1f}" in page
    assert f"{100 * gland.low:.1f} to {100 * gland.high:.1f} %" in page


def test_the_same_breast_gives_the_same_page() -> None:
    assert breast_html(small_breast()) == breast_html(small_breast())


def test_without_nipple_and_side_the_page_leaves_their_charts_out() -> None:
    bare = replace(
        small_breast(),
        result=changed(
            nipple_mm=None, quadrants=(), rings=(), laterality=None, flags=()
        ),
        skin=replace(small_breast().skin, nipple=None),
    )
    page = breast_html(bare)
    assert "Quadrants" not in page
    assert "Side unknown" in page
    assert "No check found anything odd." in page


def test_charts_without_data_are_refused_in_a_sentence() -> None:
    skin = small_breast().skin
    bald = replace(
        skin, positions=skin.positions[:1], thickness_mm=skin.thickness_mm[:1]
    )
    with pytest.raises(InputError, match="too little skin"):
        plot_skin(replace(small_breast(), skin=bald))
    with pytest.raises(InputError, match="no quadrants"):
        plot_quadrants(changed(quadrants=()))
    with pytest.raises(InputError, match="No nipple"):
        plot_rings(changed(rings=()))


@pytest.mark.parametrize(("laterality", "sign"), [("L", 1), ("R", -1)])
def test_outer_quadrants_lie_on_the_side_of_the_arm(laterality: str, sign: int) -> None:
    # Seen from the front, the patient's left is to the right.
    ax = plot_quadrants(changed(laterality=laterality))
    places = {text.get_text(): text.get_position() for text in ax.texts}
    assert sign * places["upper outer"][0] > 0
    assert sign * places["lower inner"][0] < 0
    assert places["upper outer"][1] > 0 > places["lower outer"][1]


def test_the_histogram_holds_the_volume_of_each_tissue() -> None:
    breast = small_breast()
    ax = plot_histogram(breast)
    drawn = {line.get_label(): np.sum(line.get_ydata()) for line in ax.lines}
    for tissue in (Tissue.FAT, Tissue.GLAND, Tissue.MUSCLE):
        volume = breast.result.volumes_ml[tissue.title]
        assert drawn[tissue.title] == pytest.approx(volume, rel=0.02)


def test_gland_by_depth_weighs_up_to_the_gland_of_all() -> None:
    breast = small_breast()
    ax = plot_depths(breast)
    (line,) = ax.figure.axes[1].lines
    depths, percent = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
    per_bin = round(5.0 / breast.image.spacing[0])
    tissue = np.isin(breast.numbers, (Tissue.FAT, Tissue.GLAND)).sum(axis=(1, 2))
    weights = np.add.reduceat(tissue, np.arange(0, tissue.size, per_bin))
    weights = weights[weights > 0]
    assert np.all(np.diff(depths) > 0)
    gland = np.average(percent, weights=weights)
    assert gland == pytest.approx(100 * breast.result.glandularity.seg_g.value, abs=0.1)


def test_figures_have_no_time_of_day_in_them() -> None:
    for draw in (plot_planes, overview):
        assert png_of(draw(small_breast()), dpi=60) == png_of(
            draw(small_breast()), dpi=60
        )
