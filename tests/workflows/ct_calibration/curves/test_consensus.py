from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from kerma.errors import InputError
from kerma.physics.tissues import TissueGroup
from kerma.workflows.ct_calibration.curves.consensus import consensus_curve
from kerma.workflows.ct_calibration.curves.sample import Sample

AIR = 0.00107
Line = Callable[[float], float]


def samples_on(
    base: Line,
    fat: Line,
    bone: Line,
    *,
    bone_hu: tuple[float, ...] = (300.0, 900.0, 1500.0),
    soft_hu: tuple[float, ...] = (5.0, 40.0, 95.0),
) -> list[Sample]:
    """Materials exactly on three lines."""

    def on(group: TissueGroup, hu: tuple[float, ...], line: Line) -> list[Sample]:
        return [Sample(f"{group} {h:g}", group, h, 1.0, line(h), 0.0) for h in hu]

    return [
        *on("lung", (-800.0, -500.0), base),
        *on("adipose", (-110.0, -80.0, -50.0), fat),
        *on("soft", soft_hu, base),
        *on("bone", bone_hu, bone),
    ]


def base(hu: float) -> float:
    return 1.01 + 1.02e-3 * hu


def fat(hu: float) -> float:
    return 1.03 + 0.8e-3 * hu


def bone(hu: float) -> float:
    return 1.03 + 0.5e-3 * hu


def test_kinks_lie_where_the_guide_puts_them() -> None:
    """min(adipose) = -110, max(soft) = 95, min(bone) = 300 HU."""
    curve = consensus_curve(samples_on(base, fat, bone), "spr", AIR)
    assert curve.hu == pytest.approx(
        [-1024, -999, -950, -170, -150, -30, 0, 105, 350, 2000]
    )
    expected = [
        AIR,
        AIR,
        base(-950),
        base(-170),
        fat(-150),
        fat(-30),
        base(0),
        base(105),
        bone(350),
        bone(2000),
    ]
    assert curve.values == pytest.approx(expected, abs=1e-9)
    assert curve.uncertainty_at(curve.hu) == pytest.approx(np.zeros(10), abs=1e-6)


def test_lung_and_soft_tissue_share_one_line() -> None:
    """Lung off the common line by +0.02 bends it; least squares by NumPy."""
    samples = samples_on(base, fat, bone)
    moved = [
        Sample(s.name, s.group, s.hu, 1.0, s.value + 0.02 * (s.group == "lung"), 0.0)
        for s in samples
    ]
    inside = [(s.hu, s.value) for s in moved if s.group in ("lung", "soft")]
    hu, values = np.transpose(inside)
    slope, intercept = np.polyfit(hu, values, 1)
    curve = consensus_curve(moved, "spr", AIR)
    assert float(curve.value_of(-950)) == pytest.approx(intercept - 950 * slope)
    assert float(curve.value_of(105)) == pytest.approx(intercept + 105 * slope)


def test_a_falling_connection_to_bone_moves_its_kink_and_keeps_it_a_ct_number() -> None:
    """The published program wrote the value into the CT number of this kink.

    Soft tissue ends at 105 HU with 1.1171. The bone line reaches 1.1172 at 394.4 HU,
    so the kink moves from 350 up to 395 HU.
    """

    def low(hu: float) -> float:
        return 0.92 + 0.5e-3 * hu

    curve = consensus_curve(samples_on(base, fat, low), "spr", AIR)
    assert curve.hu[8] == 395
    assert curve.values[8] == pytest.approx(low(395))
    assert curve.values[8] - curve.values[7] > 1e-4


def test_a_falling_connection_to_soft_tissue_moves_down_the_adipose_line() -> None:
    """base(0) - 1e-4 = 1.0099 = 1.05 + 0.8e-3 h at -50.1 HU, rounded down to -51."""

    def high(hu: float) -> float:
        return 1.05 + 0.8e-3 * hu

    curve = consensus_curve(samples_on(base, high, bone), "spr", AIR)
    assert curve.hu[5] == -51
    assert curve.values[6] - curve.values[5] > 1e-4


def test_a_falling_connection_to_adipose_tissue_moves_up_by_at_most_10_hu() -> None:
    """base(-170) = 0.8366, and 0.8367 = 0.953 + 0.8e-3 h at -145.4 HU."""

    def low(hu: float) -> float:
        return 0.9530 + 0.8e-3 * hu

    curve = consensus_curve(samples_on(base, low, bone), "spr", AIR)
    assert curve.hu[4] == -145
    with pytest.raises(InputError, match="would move from -150 to"):
        consensus_curve(
            samples_on(base, lambda h: 0.940 + 0.8e-3 * h, bone), "spr", AIR
        )


def test_a_lung_line_below_air_starts_where_it_reaches_air() -> None:
    """0.00117 = 1.01 + 1.08e-3 h at -934.1 HU, rounded up to -934."""

    def steep(hu: float) -> float:
        return 1.01 + 1.08e-3 * hu

    curve = consensus_curve(samples_on(steep, fat, bone), "spr", AIR)
    assert curve.hu[2] == -934
    with pytest.raises(InputError, match="above -900 HU: it is too steep"):
        consensus_curve(samples_on(lambda h: 1.01 + 1.2e-3 * h, fat, bone), "spr", AIR)


def test_bone_beyond_2000_hu_carries_the_table_100_hu_further() -> None:
    samples = samples_on(base, fat, bone, bone_hu=(300.0, 900.0, 2150.0))
    assert consensus_curve(samples, "spr", AIR).hu[-1] == 2250


def test_soft_tissue_denser_than_bone_is_refused() -> None:
    samples = samples_on(base, fat, bone, soft_hu=(5.0, 40.0, 345.0))
    with pytest.raises(InputError, match="up to 345 HU and bone down to 300 HU"):
        consensus_curve(samples, "spr", AIR)


@pytest.mark.parametrize("group", ["lung", "adipose", "bone"])
def test_a_line_that_falls_or_is_missing_is_refused(group: TissueGroup) -> None:
    samples = samples_on(base, fat, bone)
    upside_down = [
        Sample(s.name, s.group, s.hu, 1.0, 3 - s.value, 0.0)
        if s.group == group or (group == "lung" and s.group == "soft")
        else s
        for s in samples
    ]
    with pytest.raises(InputError, match="tissue falls"):
        consensus_curve(upside_down, "spr", AIR)
    without = [s for s in samples if s.group != "bone"]
    with pytest.raises(InputError, match="two materials of the group 'bone'; got 0"):
        consensus_curve(without, "spr", AIR)


def test_the_band_holds_the_scatter_of_the_lines() -> None:
    """In 400 tables of noise 0.01 about the bone line, 95 % within ±2 u at 1000 HU."""
    rng = np.random.default_rng(3)
    hu = tuple(np.linspace(300, 1500, 13))
    inside = 0
    for _ in range(400):
        samples = [
            Sample(s.name, s.group, s.hu, 1.0, s.value + rng.normal(0, 0.01), 0.0)
            if s.group == "bone"
            else s
            for s in samples_on(base, fat, bone, bone_hu=hu)
        ]
        curve = consensus_curve(samples, "spr", AIR)
        miss = abs(float(curve.value_of(1000)) - bone(1000))
        inside += miss <= 2 * float(curve.uncertainty_at(1000))
    assert 0.90 <= inside / 400 <= 0.98
