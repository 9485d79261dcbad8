"""Reading the inserts: CT number, its budget of uncertainty, its identity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kerma.core.arrays import FloatArray, Vec3
from kerma.core.volume import CT
from kerma.imaging.axial import AxialStack
from kerma.workflows.ct_calibration.curve import Curve
from kerma.workflows.ct_calibration.identity import Finding, Identity, identify
from kerma.workflows.ct_calibration.noise import RegionNoise, region_noise
from kerma.workflows.ct_calibration.placement import Placement
from kerma.workflows.ct_calibration.recognition import Match
from kerma.workflows.ct_calibration.regions import (
    RegionValues,
    has_void,
    read_regions,
    region_radii,
)
from kerma.workflows.ct_calibration.result import InsertReading, Uncertainty
from kerma.workflows.ct_calibration.scale import HUScale
from kerma.workflows.ct_calibration.shading import Shading, measure_shading

__all__ = ["read_inserts", "with_certificates"]

_EDGE_PART = 0.5  # of the estimated loss at the edge: the blur is only a model of it
_COARSE_MM = 2.0


@dataclass(frozen=True, eq=False)
class _Reader:
    """What the reading of every insert needs."""

    ct: CT
    stack: AxialStack
    match: Match
    radii: FloatArray
    noise: tuple[RegionNoise, ...]
    shading: Shading
    background_hu: float

    @property
    def placement(self) -> Placement:
        return self.match.evidence.placement


def read_inserts(
    ct: CT, stack: AxialStack, match: Match
) -> tuple[tuple[InsertReading, ...], tuple[str, ...]]:
    """Read every insert of a recognized phantom.

    Parameters
    ----------
    ct, stack
        The scan.
    match
        The phantom in it.

    Returns
    -------
    readings : tuple of InsertReading
        One for each insert in view; the certificate's part of the budget is zero.
    unseen : tuple of str
        Names of the inserts that are not wholly in view.
    """
    placement = match.evidence.placement
    radii = region_radii(placement)
    slices = placement.extent.slices
    regions = read_regions(stack, placement, radii, slices)
    shading = measure_shading(stack.coarsened(_COARSE_MM), placement)
    means = np.array([np.mean(r.slice_means) if r else np.nan for r in regions])
    findings, scale = identify(
        placement.phantom,
        match.evidence.materials,
        match.evidence.expected,
        means - shading.at(placement.rods),
    )
    by_radius = {
        radius: region_noise(stack, placement, radius, slices)
        for radius in sorted(set(radii.tolist()))
    }
    reader = _Reader(
        ct=ct,
        stack=stack,
        match=match,
        radii=radii,
        noise=tuple(by_radius[radius] for radius in radii.tolist()),
        shading=shading,
        background_hu=_background(placement, scale),
    )
    readings = tuple(
        _reading(reader, index, region, findings[index], scale)
        for index, region in enumerate(regions)
        if region is not None
    )
    inserts = zip(placement.phantom.inserts, regions, strict=True)
    return readings, tuple(item.name for item, region in inserts if region is None)


def with_certificates(
    readings: Sequence[InsertReading], curve: Curve
) -> tuple[InsertReading, ...]:
    """The readings with the tolerance of each rod's density in their budget.

    A rod whose RED is uncertain by u reads uncertain by u over the slope of the curve.
    """
    done = []
    for reading in readings:
        slope = curve.slope_near(reading.mean_hu)
        part = reading.red_uncertainty / slope if slope > 0 else 0.0
        budget = replace(reading.uncertainty, certificate_hu=part)
        done.append(replace(reading, uncertainty=budget))
    return tuple(done)


def _background(placement: Placement, scale: HUScale | None) -> float:
    background = placement.phantom.background_hu
    return background if scale is None else float(scale.apply(background))


def _reading(
    reader: _Reader,
    index: int,
    region: RegionValues,
    finding: Finding,
    scale: HUScale | None,
) -> InsertReading:
    """Put together what is known of one insert."""
    placement, evidence = reader.placement, reader.match.evidence
    insert = placement.phantom.inserts[index]
    material = placement.phantom.materials[evidence.materials[index]]
    values = region.values
    mean = float(np.mean(region.slice_means))
    deviation = float(values.std(ddof=1)) if values.size > 1 else 0.0
    expected = float(evidence.expected[index])
    expected = expected if scale is None else float(scale.apply(expected))
    budget = _budget(reader, index, mean, deviation)
    finding = _with_void(reader, index, region, finding, mean)
    position, column, row = _place(reader, index)
    fitted = float(placement.fit_residual_mm[index])
    return InsertReading(
        name=insert.name,
        material=evidence.materials[index],
        seed_name=material.seed_name,
        red=material.red,
        red_uncertainty=material.red_uncertainty,
        identity=finding.identity,
        remark=finding.remark,
        expected_hu=expected,
        residual_hu=mean - expected,
        mean_hu=mean,
        sd_hu=deviation,
        median_hu=float(np.median(values)),
        voxels=int(values.size),
        effective_voxels=1 / reader.noise[index].ratio,
        slice_means_hu=region.slice_means,
        center_mm=position,
        center_column=column,
        center_row=row,
        insert_radius_mm=insert.diameter_mm / 2,
        region_radius_mm=float(reader.radii[index]),
        fit_residual_mm=fitted if np.isfinite(fitted) else None,
        uncertainty=budget,
    )


def _budget(reader: _Reader, index: int, mean: float, deviation: float) -> Uncertainty:
    """The budget of one reading, without the certificate."""
    placement = reader.placement
    rod = placement.rods[[index]]
    radius = placement.phantom.inserts[index].diameter_mm / 2
    region = float(reader.radii[index])
    contrast = mean - reader.background_hu
    off = min(float(placement.rod_uncertainty_mm[index]), radius / 2)
    loss = misplaced = 0.0
    if placement.edge is not None:
        loss = placement.edge.loss(region, radius)
        misplaced = placement.edge.loss(region, radius, off) - loss
    return Uncertainty(
        noise_hu=deviation * float(np.sqrt(reader.noise[index].ratio)),
        position_hu=float(
            np.hypot(contrast * misplaced, reader.shading.slope_at(rod)[0] * off)
        ),
        edge_hu=abs(_EDGE_PART * loss * contrast),
        cupping_hu=float(reader.shading.uncertainty_at(rod)[0]),
        certificate_hu=0.0,
        bias_hu=float(reader.shading.at(rod)[0]) - loss * contrast,
    )


def _with_void(
    reader: _Reader, index: int, region: RegionValues, finding: Finding, mean: float
) -> Finding:
    """The finding, or that of a bubble where the material is right but not whole."""
    if finding.identity not in (Identity.CONFIRMED, Identity.UNEXPECTED):
        return finding
    placement = reader.placement
    radius = placement.phantom.inserts[index].diameter_mm / 2
    edge = placement.edge
    loss = edge.loss(float(reader.radii[index]), radius) if edge else 0.0
    if not has_void(region, reader.noise[index], loss * (mean - reader.background_hu)):
        return finding
    return Finding(Identity.VOID, "its CT number is uneven: a bubble, a crack or dirt")


def _place(reader: _Reader, index: int) -> tuple[Vec3, float, float]:
    """Center in the middle slice: position in mm, column and row in the CT."""
    slices = reader.placement.extent.slices
    k = slices[slices.size // 2]
    x, y = reader.placement.rods_at(reader.stack.z[k])[index]
    position = (float(x), float(y), float(reader.stack.z[k]))
    _, row, column = reader.ct.grid.to_index(np.array(position))
    return position, float(column), float(row)
