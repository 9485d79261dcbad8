"""A realistic calibration of a Catphan 504 and a small CT of it."""

from __future__ import annotations

import dataclasses
import re
import zlib
from collections.abc import Callable

import numpy as np
import pytest

from kerma.core.grid import Grid
from kerma.core.provenance import InputSeries, Provenance
from kerma.core.volume import CT, Acquisition
from kerma.workflows.ct_calibration.constancy import Constancy, Deviation
from kerma.workflows.ct_calibration.curve import CurvePoint, fit_curve
from kerma.workflows.ct_calibration.result import (
    Calibration,
    Candidate,
    Identity,
    InsertReading,
    PhantomPose,
    Recognition,
    Uncertainty,
)

RING_MM = 58.68
# name, material, seed name, angle (deg), RED, its uncertainty, mean, expected (HU)
INSERTS = (
    ("air_top", "air", "air", -90, 0.001, 0.0005, -990.2, -992.0),
    ("teflon", "teflon", "teflon", -60, 1.868, 0.009, 987.3, 985.1),
    ("delrin", "delrin", "delrin", 0, 1.363, 0.007, 339.2, 341.7),
    ("acrylic", "acrylic", "acrylic", 60, 1.147, 0.006, 115.4, 112.0),
    ("air_bottom", "air", "air", 90, 0.001, 0.0005, -990.9, -992.0),
    ("polystyrene", "polystyrene", "polystyrene", 120, 0.998, 0.005, -46.5, -44.8),
    ("ldpe", "ldpe", "ldpe", 180, 0.945, 0.005, -102.4, -104.9),
    ("pmp", "pmp", "foam", -120, 0.853, 0.004, -197.1, -198.3),
)
SLICES = (32, 33, 34, 35, 36, 37)


def reading_at(grid: Grid, middle: tuple[float, ...], row: int) -> InsertReading:
    """The reading of one row of `INSERTS`, with a plausible budget."""
    name, material, seed_name, angle, red, u_red, mean, expected = INSERTS[row]
    turned = np.deg2rad(angle + 0.46)
    radius = RING_MM * 0.9947
    x, y = middle[0] + radius * np.cos(turned), middle[1] + radius * np.sin(turned)
    center = (float(x), float(y), middle[2])
    _, j, i = grid.to_index(np.array(center))
    noise = np.random.default_rng(row).normal(0, 1.2, len(SLICES))
    return InsertReading(
        name=name,
        material=material,
        seed_name=seed_name,
        red=red,
        red_uncertainty=u_red,
        identity=Identity.CONFIRMED,
        remark="",
        expected_hu=expected,
        residual_hu=mean - expected,
        mean_hu=mean,
        sd_hu=14.2 + row,
        median_hu=mean + 0.3,
        voxels=1548,
        effective_voxels=187.4,
        slice_means_hu=tuple(float(mean + n - noise.mean()) for n in noise),
        center_mm=center,
        center_column=float(i),
        center_row=float(j),
        insert_radius_mm=6.35,
        region_radius_mm=4.45,
        fit_residual_mm=0.04,
        uncertainty=Uncertainty(
            noise_hu=1.1,
            position_hu=0.2,
            edge_hu=0.4,
            cupping_hu=0.9,
            certificate_hu=0.0 if material == "air" else 5.2,
            bias_hu=-0.6,
        ),
    )


def make_curve_points(readings: tuple[InsertReading, ...]) -> list[CurvePoint]:
    """One point per material, the mean of its inserts."""
    points = []
    for material in dict.fromkeys(r.material for r in readings):
        same = [r for r in readings if r.material == material]
        points.append(
            CurvePoint(
                materials=(material,),
                hu=float(np.mean([r.mean_hu for r in same])),
                hu_uncertainty=1.6,
                red=same[0].red or 0.0,
                red_uncertainty=same[0].red_uncertainty,
                inserts=len(same),
            )
        )
    return points


def make_calibration(grid: Grid, middle: tuple[float, float, float]) -> Calibration:
    """A calibration in which all is well."""
    readings = tuple(reading_at(grid, middle, row) for row in range(len(INSERTS)))
    return Calibration(
        recognition=Recognition(
            phantom="catphan504",
            title="Catphan 504 (CTP404)",
            seed_name="catphan_ctp404",
            score=0.943,
            margin=2.3,
            candidates=(
                Candidate("catphan504", 0.943, 8, 8, 0.99, 8.4),
                Candidate("catphan503", 0.943, 8, 8, 0.91, 8.4),
                Candidate("catphan604", 0.825, 8, 10, 0.99, 6.1),
                Candidate("catphan600", 0.412, 3, 8, 0.99, 1.2),
                Candidate("cirs062m", 0.204, 1, 17, None, 0.3),
            ),
            undecided_models=("catphan503",),
            undecided_pairs=(("ldpe", "polystyrene"),),
            geometry_verified=True,
            caveat="",
        ),
        serial_number="CAT504-1234",
        acquisition=Acquisition(
            manufacturer="Varian Medical Systems",
            model="On-Board Imager",
            station="LINAC-2",
            serial_number="1123",
            kv=100.0,
            kernel="Standard",
            slice_thickness_mm=2.5,
            protocol="Standard-Dose Head",
            series_description="CBCT QA",
            study_date="20240312",
            study_time="071542.120",
            patient_position="HFS",
            rescale_type="HU",
        ),
        pose=PhantomPose(
            center_mm=middle,
            roll_deg=0.46,
            tilt_deg=-0.12,
            yaw_deg=0.05,
            mirrored=False,
            scale=0.9947,
            residual_mm=0.04,
            slice_positions_mm=tuple(2.5 * (k - SLICES[0]) - 6.25 for k in SLICES),
            slice_indices=SLICES,
        ),
        readings=readings,
        edge_spread_mm=0.72,
        curve=fit_curve(make_curve_points(readings)),
        notes=("The first slice lies 0.1 mm beside its place in the series.",),
        provenance=Provenance(
            kerma_version="0.1.0",
            procedure="ct-calibration",
            parameters=(("phantom", "auto"), ("region_fraction", "0.7")),
            inputs=(
                InputSeries(
                    series_instance_uid="1.2.246.352.61.2.4856512345678901234.1",
                    sop_instance_uids=tuple(f"1.2.3.{n}" for n in range(70)),
                    sha256="9f2c" * 16,
                ),
            ),
            started_utc="2024-03-12T08:02:11+00:00",
            duration_s=1.84,
        ),
    )


def make_constancy() -> Constancy:
    """A check with every verdict in it."""
    rows = (
        ("air_top", "air", 1.8, 30.0, 50.0, ""),
        ("teflon", "teflon", -31.4, 30.0, 50.0, ""),
        ("delrin", "delrin", 62.5, 30.0, 50.0, ""),
        ("acrylic", "acrylic", -4.2, 20.0, 40.0, ""),
        ("air_bottom", "air", 2.2, 30.0, 50.0, ""),
        ("polystyrene", "polystyrene", 20.0, 20.0, 40.0, ""),
        ("ldpe", "ldpe", None, 20.0, 40.0, "The baseline has no ldpe."),
        ("pmp", "pmp", -3.1, None, None, "The profile has no limit for pmp."),
    )
    return Constancy(
        baseline="hu_red_catphan504_2024-01.json",
        tolerances="seed",
        deviations=tuple(
            Deviation(
                insert=insert,
                material=material,
                change_hu=change,
                uncertainty_hu=None if change is None else 3.4,
                tolerance_hu=tolerance,
                action_hu=action,
                reason=reason,
            )
            for insert, material, change, tolerance, action, reason in rows
        ),
        pearson_r=0.99871,
        scope_differences=("kernel Sharp then, Standard now",),
    )


def swap(calibration: Calibration) -> Calibration:
    """The same with Delrin and Teflon exchanged."""
    teflon = calibration.reading_of("teflon")
    delrin = calibration.reading_of("delrin")
    found = {"teflon": delrin, "delrin": teflon}
    readings = tuple(
        dataclasses.replace(
            r,
            identity=Identity.SWAPPED,
            remark=f"Reads as {found[r.name].material}; are two rods exchanged?",
            mean_hu=found[r.name].mean_hu,
            residual_hu=found[r.name].mean_hu - r.expected_hu,
            slice_means_hu=found[r.name].slice_means_hu,
        )
        if r.name in found
        else r
        for r in calibration.readings
    )
    sure = tuple(r for r in readings if r.name not in found)
    return dataclasses.replace(
        calibration, readings=readings, curve=fit_curve(make_curve_points(sure))
    )


def make_ct() -> CT:
    """A disk of 200 mm with the inserts as `INSERTS` has them, 2 mm pixels."""
    grid = Grid(
        shape=(40, 120, 120),
        origin=(-119.0, -119.0, -85.0),
        spacing=(2.5, 2.0, 2.0),
        axes=((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0)),
        frame_of_reference="1.2.3",
    )
    x, y = np.meshgrid(np.linspace(-119, 119, 120), np.linspace(-119, 119, 120))
    image = np.where(np.hypot(x, y) < 100, 95, -1000).astype(np.int16)
    for row in range(len(INSERTS)):
        reading = reading_at(grid, (0.0, 0.0, 0.0), row)
        cx, cy, _ = reading.center_mm
        image[np.hypot(x - cx, y - cy) < 6.35] = round(reading.mean_hu)
    return CT(array=np.repeat(image[None], 40, axis=0), grid=grid)


@pytest.fixture(scope="session")
def ct() -> CT:
    return make_ct()


@pytest.fixture(scope="session")
def calibration(ct: CT) -> Calibration:
    return make_calibration(ct.grid, (0.0, 0.0, 0.0))


@pytest.fixture(scope="session")
def checked(calibration: Calibration) -> Calibration:
    return dataclasses.replace(calibration, constancy=make_constancy())


@pytest.fixture(scope="session")
def swapped(calibration: Calibration) -> Calibration:
    return swap(calibration)


@pytest.fixture(scope="session")
def pages_of() -> Callable[[bytes], int]:
    """Counts the pages of a PDF; its page tree may lie in a packed stream."""

    def count(content: bytes) -> int:
        text = content
        for packed in re.findall(
            rb"stream\r?\n(.*?)\r?\nendstream", content, re.DOTALL
        ):
            try:
                text += zlib.decompress(packed)
            except zlib.error:
                continue
        return int(re.findall(rb"/Count (\d+)", text)[0])

    return count
