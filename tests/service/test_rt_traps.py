"""Every trap is read with the right numbers, refused, or reported."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from kerma.core.arrays import FloatArray, HUArray
from kerma.core.dose import Dose, DoseSummation, DoseUnits
from kerma.core.grid import Grid
from kerma.core.plan import Plan
from kerma.core.portal_image import PortalImage
from kerma.core.structures import StructureSet
from kerma.core.volume import CT
from kerma.errors import InputError, KermaError
from kerma.io import (
    read_ct,
    read_dose,
    read_plan,
    read_portal_image,
    read_structures,
)
from kerma.io.edits import apply_edits
from kerma.service.plan_check import plan_check
from kerma.service.rt_simulations import simulate_plan_set, trap_named, write_rt_set
from kerma.simulation.anatomy import THORAX, contours_of, hu_of
from kerma.simulation.dose_field import dose_on
from kerma.simulation.rt_set import BOX, Layout, RTSet, simulate_rt_set
from kerma.simulation.rt_traps import TRAPS, Trap
from kerma.simulation.treatment import portal_image
from kerma.workflows.plan_check import Severity

LAYOUT = Layout(matrix=48, slices=28, pixel_mm=8, slice_mm=5, dose_mm=5)


@lru_cache(maxsize=4)
def patient(position: str, tilt_deg: float) -> RTSet:
    whole = simulate_rt_set(replace(LAYOUT, position=position, tilt_deg=tilt_deg))
    return replace(whole, structures=thinned(whole.structures))


def thinned(structures: StructureSet) -> StructureSet:
    """A sixth of the points: they stay on the ellipsoids, and are read faster."""
    some = [
        replace(s, contours=tuple(replace(c, points=c.points[::6]) for c in s.contours))
        for s in structures
    ]
    return replace(structures, structures=tuple(some))


@dataclass(frozen=True)
class Case:
    """A trap on disk, and the patient it was made of."""

    trap: Trap
    folder: Path
    truth: RTSet


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("good") / "set"
    write_rt_set(patient("HFS", 0.0), folder, extras=True)
    return folder


@pytest.fixture(scope="module", params=TRAPS, ids=lambda trap: trap.name)
def case(
    request: pytest.FixtureRequest, good: Path, tmp_path_factory: pytest.TempPathFactory
) -> Case:
    trap: Trap = request.param
    layout = replace(LAYOUT, **trap.layout)
    truth = patient(layout.position, layout.tilt_deg)
    folder = tmp_path_factory.mktemp("trap") / "set"
    if trap.layout:
        write_rt_set(truth, folder, extras=trap.needs_extras)
    else:
        shutil.copytree(good, folder)
        if not trap.needs_extras:
            extras = (*folder.glob("rtdose_beam*"), folder / "rtimage.dcm")
            for file in (*extras, folder / "reg.dcm"):
                file.unlink()
    apply_edits(folder, trap.edits)
    return Case(trap, folder, truth)


@lru_cache(maxsize=64)
def true_hu(grid: Grid) -> HUArray:
    return hu_of(THORAX, grid)


@lru_cache(maxsize=64)
def true_dose(grid: Grid, beam: int | None) -> FloatArray:
    if beam is None:
        return dose_on(grid, BOX).gy
    return dose_on(grid, lambda place: BOX.fields(place)[beam - 1]).gy


def is_true_ct(ct: CT, _: RTSet) -> bool:
    """Closed form at every voxel in the patient, wherever the slices lie."""
    true = true_hu(ct.grid)
    inside = true > -900  # outside, a padding value may be called air
    return bool(inside.any()) and np.array_equal(ct.hu[inside], true[inside])


def is_true_dose(dose: Dose, truth: RTSet) -> bool:
    """Closed form at every voxel, but for the rounding to 32 bits."""
    beam = dose.beam_numbers[0] if dose.summation is DoseSummation.BEAM else None
    if dose.grid.frame_of_reference not in ("", truth.dose.grid.frame_of_reference):
        return False
    if dose.units is not DoseUnits.GY or dose.dose_type != "PHYSICAL":
        return False
    stated = [(h.minimum, h.mean, h.maximum) for h in dose.dvhs]
    true = [(h.minimum, h.mean, h.maximum) for h in truth.dose.dvhs]
    if beam is None and stated != [pytest.approx(three, abs=1e-3) for three in true]:
        return False
    return bool(np.allclose(dose.gy, true_dose(dose.grid, beam), rtol=0, atol=1e-4))


def is_true_set(structures: StructureSet, truth: RTSet) -> bool:
    """Points on the ellipsoids, in every slice that they cut, whatever their names."""
    if len(structures) != len(THORAX):
        return False
    for number, organ in enumerate(THORAX, start=1):
        structure = structures[number]
        expected = contours_of(organ, truth.ct.grid)
        if structure.interpreted_type != organ.interpreted_type:
            return False
        if len(structure.closed_contours) != len(expected):
            return False
        for found, true in zip(structure.closed_contours, expected, strict=True):
            away = found.points - np.array(organ.center_mm)
            on = np.einsum("pc,cd,pd->p", away, organ.form, away)
            # Points between those of a polygon of 30 lie on its edges, just inside.
            if not np.all((on > np.cos(np.pi / 30) ** 2 - 1e-4) & (on < 1.0001)):
                return False
            if abs(found.points[:, 2].mean() - true.points[:, 2].mean()) > 1e-3:
                return False
    return True


def is_true_plan(plan: Plan, truth: RTSet) -> bool:
    return replace(plan, notes=()) == truth.plan


def is_true_image(image: PortalImage, truth: RTSet) -> bool:
    assert truth.plan is not None
    true = portal_image(truth.plan)
    places = zip(image.positions_mm(), true.positions_mm(), strict=True)
    return bool(np.array_equal(image.stored, true.stored)) and all(
        np.allclose(found, right) for found, right in places
    )


READS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "CT": ("ct", read_ct),
    "structures": ("rtstruct.dcm", read_structures),
    "plan": ("rtplan.dcm", read_plan),
    "dose": ("rtdose*.dcm", read_dose),
    "image": ("rtimage.dcm", read_portal_image),
}
"""Pattern of the files of each kind of object, and how one is read."""


def objects(folder: Path) -> list[tuple[str, Path]]:
    """Each object of a set: its kind, and its file or folder."""
    return [
        (kind, path)
        for kind, (pattern, _) in READS.items()
        for path in sorted(folder.glob(pattern))
    ]


def content(path: Path) -> dict[str, bytes]:
    """What is in a file or folder."""
    files = [path] if path.is_file() else path.iterdir()
    return {file.name: file.read_bytes() for file in files}


IS_TRUE: dict[str, Callable[..., bool]] = {
    "CT": is_true_ct,
    "structures": is_true_set,
    "plan": is_true_plan,
    "dose": is_true_dose,
    "image": is_true_image,
}


def test_the_good_set_is_read_with_the_right_numbers(good: Path) -> None:
    found = objects(good)
    assert {kind for kind, _ in found} == set(READS)
    for kind, path in found:
        assert IS_TRUE[kind](READS[kind][1](path), patient("HFS", 0.0)), path.name


def test_a_trap_never_gives_a_silent_wrong_number(case: Case, good: Path) -> None:
    trap = case.trap
    for kind, path in objects(case.folder):
        read = READS[kind][1]
        if kind in trap.refused:
            with pytest.raises(KermaError) as refusal:
                read(path)
            assert trap.refused[kind] in str(refusal.value)
        elif content(path) == content(good / path.name):
            continue  # as in the good set
        else:
            true = IS_TRUE[kind](read(path), case.truth)
            assert true == (kind not in trap.differs), kind
    if trap.differs:
        assert trap.findings or trap.notes or trap.name in HARMLESS


HARMLESS = ("angle-changes-later", "point", "setup-beam")
"""They differ from the simulated patient on purpose, and nothing is wrong with them."""


def test_the_check_reports_what_is_known_of_a_trap(case: Case) -> None:
    result = plan_check(case.folder)
    serious = [f.code for f in result.findings if f.severity is not Severity.NOTE]
    notes = [f.code for f in result.findings if f.severity is Severity.NOTE]
    assert sorted(serious) == sorted(case.trap.findings), result.summary()
    assert set(case.trap.notes) <= set(notes), result.summary()
    for finding in result.findings:
        assert "KERMA" not in finding.sentence + finding.advice
        assert "SOMEONE" not in finding.sentence + finding.advice


def test_the_names_of_traps_are_distinct() -> None:
    names = [trap.name for trap in TRAPS]
    assert len(set(names)) == len(names)


def test_the_page_on_traps_tells_of_each() -> None:
    page = Path(__file__).parents[2] / "docs" / "explanation" / "traps.md"
    rows = page.read_text(encoding="utf-8").splitlines()
    for trap in TRAPS:
        assert f"| `{trap.name}` | {trap.about} | {trap.outcome} |" in rows


def test_an_unknown_trap_is_refused_with_the_list() -> None:
    with pytest.raises(InputError, match="No trap 'gravity'; there are: missing-slice"):
        trap_named("gravity")


def test_a_set_goes_only_into_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("x")
    with pytest.raises(InputError, match="is not empty"):
        simulate_plan_set(tmp_path, layout=LAYOUT)
