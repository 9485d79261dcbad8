"""The procedure: from a phantom scan to the HU-RED curve and its constancy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from kerma.core.phantom import Phantom
from kerma.core.volume import CT, Acquisition
from kerma.imaging.axial import AxialStack, axial_stack
from kerma.workflows.ct_calibration.curve import Curve, CurvePoint, average, fit_curve
from kerma.workflows.ct_calibration.evidence import Evidence
from kerma.workflows.ct_calibration.identity import Identity, undecided_pairs
from kerma.workflows.ct_calibration.image_checks import ImageLimits, check_image
from kerma.workflows.ct_calibration.inserts import read_inserts, with_certificates
from kerma.workflows.ct_calibration.recognition import Match, recognize
from kerma.workflows.ct_calibration.result import (
    Calibration,
    Candidate,
    InsertReading,
    PhantomPose,
    Recognition,
)
from kerma.workflows.ct_calibration.scale import CT_NUMBERS

__all__ = ["calibrate", "curve_of", "material_points"]


def calibrate(
    ct: CT,
    phantoms: Sequence[Phantom],
    *,
    serial_number: str | None = None,
    image_limits: ImageLimits | None = None,
) -> Calibration:
    """Measure the HU-RED curve of a scanner from the scan of a known phantom.

    Parameters
    ----------
    ct
        The scan, axial slices.
    phantoms
        The models that it may be; the one that explains the scan is used.
    serial_number
        Serial number of the phantom, to compare like with like later.
    image_limits
        Limits of the image checks; by default those of a fan-beam CT.

    Raises
    ------
    RecognitionError
        No model explains the scan.
    GeometryError
        The slices are not axial.
    InputError
        Fewer than two materials are left for the curve.
    """
    stack = axial_stack(ct)
    match = recognize(stack, phantoms, ct.acquisition.kv)
    readings, unseen = read_inserts(ct, stack, match)
    curve = curve_of(readings)
    edge = match.evidence.placement.edge
    calibration = Calibration(
        recognition=_recognition(match),
        serial_number=serial_number,
        acquisition=ct.acquisition,
        pose=_pose(stack, match),
        readings=with_certificates(readings, curve),
        unseen=unseen,
        edge_spread_mm=edge.sigma_mm if edge else None,
        curve=curve,
        notes=(*ct.notes, *_scan_notes(ct.acquisition), *_notes(match)),
    )
    phantom = match.evidence.placement.phantom
    checks = check_image(ct, calibration, phantom, image_limits)
    return replace(calibration, image_checks=checks)


def curve_of(readings: Sequence[InsertReading]) -> Curve:
    """The curve through the confirmed inserts, those of one material averaged.

    Raises
    ------
    InputError
        Fewer than two materials are left.
    """
    return fit_curve(material_points(readings).values())


def material_points(readings: Sequence[InsertReading]) -> dict[str, CurvePoint]:
    """One point for each material of known RED: its confirmed inserts averaged."""
    confirmed = [
        reading
        for reading in readings
        if reading.identity is Identity.CONFIRMED and reading.red is not None
    ]
    points: dict[str, list[CurvePoint]] = {}
    for reading in confirmed:
        budget = reading.uncertainty
        point = CurvePoint(
            materials=(reading.material,),
            hu=reading.mean_hu,
            hu_uncertainty=float(np.hypot(budget.measurement_hu, budget.bias_hu / 2)),
            red=reading.red or 0.0,
            red_uncertainty=reading.red_uncertainty,
            inserts=1,
        )
        points.setdefault(reading.material, []).append(point)
    return {material: average(same) for material, same in points.items()}


def _recognition(match: Match) -> Recognition:
    evidence = match.evidence
    phantom = evidence.placement.phantom
    return Recognition(
        phantom=phantom.name,
        title=phantom.title,
        seed_name=phantom.seed_name,
        score=evidence.score,
        margin=match.margin,
        candidates=tuple(_candidate(one) for one in (evidence, *match.others)),
        undecided_models=tuple(
            other.placement.phantom.name for other in match.undecided
        ),
        undecided_pairs=undecided_pairs(phantom, evidence.materials, evidence.expected),
        geometry_verified=phantom.geometry_verified,
        caveat=phantom.caveat,
    )


def _candidate(evidence: Evidence) -> Candidate:
    return Candidate(
        phantom=evidence.placement.phantom.name,
        score=evidence.score,
        inserts_found=evidence.found,
        inserts_expected=len(evidence.expected),
        outline_match=evidence.outline_match,
        weight=evidence.weight,
    )


def _pose(stack: AxialStack, match: Match) -> PhantomPose:
    placement = match.evidence.placement
    extent = placement.extent
    # Both halves of the module must be in view to show an inclination.
    known = extent.slices.size > 1
    return PhantomPose(
        center_mm=(placement.x, placement.y, extent.middle_mm),
        roll_deg=placement.roll_deg,
        tilt_deg=float(-np.degrees(np.arctan(placement.slope_y))) if known else None,
        yaw_deg=float(np.degrees(np.arctan(placement.slope_x))) if known else None,
        mirrored=placement.mirrored,
        scale=placement.scale,
        residual_mm=placement.residual_mm,
        slice_positions_mm=tuple(float(stack.z[k]) for k in extent.slices),
        slice_indices=tuple(int(stack.slice_indices[k]) for k in extent.slices),
    )


def _scan_notes(made: Acquisition) -> tuple[str, ...]:
    """What a user should know of how the scan was made."""
    notes = []
    if made.kv is None:
        notes.append(
            "The scan does not say its tube voltage; the CT numbers expected are those "
            "at 120 kV."
        )
    if made.rescale_type not in CT_NUMBERS:
        notes.append(
            f"The scan is not in Hounsfield units but on a scale that it calls "
            f"{str(made.rescale_type)[:16]!r}, Rescale Type (0028,1054): what is called "
            f"a CT number here is a value of that scale, and the curve holds for images "
            f"on it alone."
        )
    return tuple(notes)


def _notes(match: Match) -> tuple[str, ...]:
    """What a user should know of how the phantom was found."""
    notes = []
    placement = match.evidence.placement
    if abs(placement.roll_deg) > 90:
        notes.append(
            f"The phantom is turned by {placement.roll_deg:.0f} degrees; is that how it "
            f"was placed, and is it this model?"
        )
    extent, length = placement.extent, placement.phantom.length_mm
    if extent.low_mm is None and extent.high_mm is None:
        notes.append(
            "Neither end of the module is in the scan, so its middle along the axis "
            "is that of the slices that show it."
        )
    elif extent.low_mm is None or extent.high_mm is None:
        notes.append(
            f"One end of the module is not in the scan; its middle was placed by its "
            f"nominal length of {length:g} mm."
        )
    elif abs(extent.high_mm - extent.low_mm - length) > 0.2 * length:
        notes.append(
            f"The module is {extent.high_mm - extent.low_mm:.1f} mm long in the scan "
            f"where {length:g} mm were expected."
        )
    if match.undecided:
        names = ", ".join(other.placement.phantom.name for other in match.undecided)
        notes.append(
            f"This scan cannot tell {placement.phantom.name} from {names}; the CT "
            f"numbers are the same for either."
        )
    if match.ambiguous:
        notes.append(
            "The scan fits the phantom in two ways, turned or seen from its other end, "
            "so which inserts are exchanged cannot be decided."
        )
    return tuple(notes)
