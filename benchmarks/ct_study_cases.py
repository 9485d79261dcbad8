"""Simulated scans of calibration phantoms, drawn from all that may go wrong."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from kerma.core.phantom import Phantom
from kerma.simulation.changes import InsertChange, Void
from kerma.simulation.placement import PhantomPlacement
from kerma.simulation.scanner import Artifacts, Couch, HUScale, Noise, Scanner
from kerma.workflows.ct_calibration.curve import CurvePoint, fit_curve
from kerma.workflows.ct_calibration.phantoms import shipped_phantoms

__all__ = ["Case", "draw_case", "models"]

_DISTINCT_HU = 60.0
_ENOUGH = 4  # inserts that must agree before a phantom counts as recognized


@dataclass(frozen=True, eq=False)
class Case:
    """One simulated scan."""

    number: int
    phantom: Phantom
    placement: PhantomPlacement
    scanner: Scanner
    changes: tuple[InsertChange, ...]
    swapped: tuple[str, ...]
    altered: tuple[str, ...]
    """Inserts that are not what the model has: swapped, missing, metal, with a void."""


@cache
def models() -> tuple[Phantom, ...]:
    """The phantoms, read once."""
    return shipped_phantoms()


def draw_case(number: int, seed: int = 2026) -> Case:
    """Draw a case from the factors; the same number always gives the same case."""
    rng = np.random.default_rng((seed, number))
    phantom = models()[number % len(models())]
    scanner, reach = _scanner(phantom, rng)
    angle = rng.uniform(0, 2 * np.pi)
    away = reach * np.sqrt(rng.uniform())
    placement = PhantomPlacement(
        center_mm=(
            scanner.field_center_mm[0] + away * np.cos(angle),
            scanner.field_center_mm[1] + away * np.sin(angle),
            float(rng.uniform(-5, 5)),
        ),
        roll_deg=float(rng.choice([rng.uniform(0, 360), rng.choice([0, 45, 90, 180])])),
        tilt_deg=float(rng.uniform(-3, 3)),
        yaw_deg=float(rng.uniform(-3, 3)),
        mirrored=bool(rng.uniform() < 0.25),
    )
    changes, swapped, altered = _changes(phantom, scanner.kv, rng)
    return Case(number, phantom, placement, scanner, changes, swapped, altered)


def _scanner(phantom: Phantom, rng: np.random.Generator) -> tuple[Scanner, float]:
    """A scanner whose field shows every insert, and how far the phantom may be off."""
    needed = 2 * max(i.radius_mm + i.diameter_mm / 2 for i in phantom.inserts) + 6
    fields = [f for f in (220, 250, 350, 500, 650) if f > needed]
    field_mm = float(rng.choice(fields))
    size = int(rng.choice([256, 384, 512]))
    pixel = float(np.clip(field_mm / size, 0.43, 1.27))
    ratio = float(rng.choice([1.0, 1.0, 1.0, 1.1]))
    rows, columns = round(field_mm / pixel / ratio), round(field_mm / pixel)
    spacing = float(rng.choice([0.6, 1.25, 2.5, 5.0]))
    half = phantom.length_mm / 2 + rng.uniform(8, 30)
    half = min(half, 45.0) if not phantom.neighbors else half
    z = np.arange(-half, half, spacing) + rng.uniform(-0.5, 0.5) * spacing
    if rng.uniform() < 0.15:
        z = np.delete(z, rng.choice(z.size, size=max(1, z.size // 12), replace=False))
    truncated = field_mm < max(phantom.outline.width_mm, phantom.outline.height_mm)
    odd_scale = rng.uniform() < 0.25
    scanner = Scanner(
        matrix=(rows, columns),
        pixel_mm=(pixel * ratio, pixel),
        slice_positions_mm=tuple(float(value) for value in z),
        slice_thickness_mm=spacing,
        field_center_mm=(float(rng.uniform(-100, 100)), float(rng.uniform(-200, 100))),
        patient_position=str(rng.choice(["HFS", "HFS", "FFS", "HFP", "FFP", "HFDR"])),
        psf_mm=float(rng.uniform(0.4, 1.5)),
        overshoot=float(rng.uniform(0.1, 0.5)) if rng.uniform() < 0.25 else 0.0,
        kv=float(rng.choice([80, 100, 120, 120, 140])),
        noise=Noise(
            sd_hu=float(np.exp(rng.uniform(np.log(3), np.log(60)))),
            correlation_px=float(rng.uniform(0, 1.5)),
            slice_correlation=float(rng.choice([0.0, 0.0, 0.3])),
        ),
        artifacts=Artifacts(
            cupping_hu=float(rng.uniform(-40, 40)),
            gradient_hu=(float(rng.normal(0, 3)), float(rng.normal(0, 3))),
            rings_hu=3.0 if rng.uniform() < 0.15 else 0.0,
            couch=_couch(rng),
            rim_hu=float(rng.uniform(100, 400)) if truncated else 0.0,
        ),
        scale=HUScale(
            gain=float(rng.uniform(0.6, 1.2)) if odd_scale else 1.0,
            offset_hu=float(rng.uniform(-60, 60)) if odd_scale else 0.0,
            padding_hu=[None, -2000, -3024][int(rng.integers(3))],
        ),
    )
    return scanner, min(40.0, (field_mm - needed) / 2)


def _couch(rng: np.random.Generator) -> Couch:
    couches: tuple[Couch, ...] = ("none", "flat", "touching", "curved", "box")
    return couches[int(rng.integers(len(couches)))]


def _changes(
    phantom: Phantom, kv: float, rng: np.random.Generator
) -> tuple[tuple[InsertChange, ...], tuple[str, ...], tuple[str, ...]]:
    """Deviations of the delivered rods, and in some cases a mistake."""
    spread = _certificate_hu(phantom, kv)
    wander = 0.2 if phantom.inserts[0].slack_mm > 1 else 0.05  # mm, of the holes
    materials: dict[str, str] = {}
    plugs: dict[str, float] = {}
    voids: dict[str, Void] = {}
    names = [insert.name for insert in phantom.inserts]
    draw = rng.uniform()
    # Four rods in a square look like their own mirror image with others exchanged, so
    # that an exchange in the Easy Cube cannot be proven by any scan.
    if draw < 0.25 and len(phantom.inserts) > 5:
        first, second = _distinct_pair(phantom, kv, rng)
        at = {insert.name: insert.material for insert in phantom.inserts}
        materials = {first: at[second], second: at[first]}
    elif len(phantom.inserts) <= _ENOUGH:
        pass  # with one of them wrong the rest are too few to know the phantom by
    elif draw < 0.33:
        plugs[_solid(phantom, rng)] = -1000.0
    elif draw < 0.38:
        plugs[_solid(phantom, rng)] = 2800.0
    elif draw < 0.44:
        name = _solid(phantom, rng)
        size = next(i.diameter_mm for i in phantom.inserts if i.name == name)
        voids[name] = Void(diameter_mm=0.4 * size)
    altered = (*materials, *plugs, *voids)
    changes = []
    for name in names:
        deviation = float(rng.normal(0, spread[name])) if name not in altered else 0.0
        shift = rng.normal(0, wander, size=2)
        changes.append(
            InsertChange(
                name,
                material=materials.get(name),
                hu=plugs.get(name),
                deviation_hu=deviation,
                shift_mm=(float(shift[0]), float(shift[1])),
                void=voids.get(name),
            )
        )
    return tuple(changes), tuple(materials), altered


def _certificate_hu(phantom: Phantom, kv: float) -> dict[str, float]:
    """Standard deviation of each delivered rod, as its certificate allows, HU."""
    points = [
        CurvePoint((key,), material.hu_at(kv), 0.0, material.red, 0.0, 1)
        for key, material in phantom.materials.items()
        if material.red is not None
    ]
    curve = fit_curve(points)
    return {
        insert.name: phantom.material_of(insert).red_uncertainty
        / curve.slope_near(phantom.material_of(insert).hu_at(kv))
        for insert in phantom.inserts
    }


def _distinct_pair(
    phantom: Phantom, kv: float, rng: np.random.Generator
) -> tuple[str, str]:
    pairs = [
        (first.name, second.name)
        for first in phantom.inserts
        for second in phantom.inserts
        if first.name < second.name
        and abs(
            phantom.material_of(first).hu_at(kv) - phantom.material_of(second).hu_at(kv)
        )
        >= _DISTINCT_HU
    ]
    return pairs[int(rng.integers(len(pairs)))]


def _solid(phantom: Phantom, rng: np.random.Generator) -> str:
    """An insert that is not air."""
    names = [
        i.name for i in phantom.inserts if phantom.material_of(i).hu_at(120) > -700
    ]
    return names[int(rng.integers(len(names)))]
