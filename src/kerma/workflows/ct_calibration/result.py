"""What a CT calibration finds: the phantom, its inserts, their CT numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from kerma.core.arrays import Vec3
from kerma.core.result import Result, Verdict
from kerma.core.volume import Acquisition
from kerma.errors import InputError
from kerma.workflows.ct_calibration.certificates import Certificate
from kerma.workflows.ct_calibration.constancy import Constancy
from kerma.workflows.ct_calibration.curve import Curve
from kerma.workflows.ct_calibration.identity import Identity
from kerma.workflows.ct_calibration.image_checks.result import ImageChecks

__all__ = [
    "Calibration",
    "Candidate",
    "Identity",
    "InsertReading",
    "PhantomPose",
    "Recognition",
    "Uncertainty",
]


@dataclass(frozen=True)
class Candidate:
    """How well one phantom model explains the scan.

    Parameters
    ----------
    phantom
        Name of the model.
    score
        Correlation of the ring of inserts with the model, at most 1.
    inserts_found, inserts_expected
        Inserts whose CT number agrees with the model, of how many.
    outline_match
        Fraction of the visible outline that lies where the model has it; ``None``
        where the field of view cuts the phantom off.
    weight
        All the evidence in one number, by which models are ranked.
    """

    phantom: str
    score: float
    inserts_found: int
    inserts_expected: int
    outline_match: float | None
    weight: float


@dataclass(frozen=True)
class Recognition:
    """Which phantom it is, and how sure that is.

    Parameters
    ----------
    phantom, title, seed_name
        Name of the model, its full name, and its name in seed tables.
    score
        Correlation of the ring of inserts with the model, at most 1.
    margin
        Lead in weight over the next model that is not as good; ``None`` where no
        other was tried.
    candidates
        All models tried, best first.
    undecided_models
        Models that show the same inserts and could not be told from this one.
    undecided_pairs
        Pairs of materials so alike that this scan could not show their exchange.
    geometry_verified, caveat
        What is known of the model's geometry.
    """

    phantom: str
    title: str
    seed_name: str
    score: float
    margin: float | None
    candidates: tuple[Candidate, ...]
    undecided_models: tuple[str, ...]
    undecided_pairs: tuple[tuple[str, str], ...]
    geometry_verified: bool
    caveat: str


@dataclass(frozen=True)
class PhantomPose:
    """Where the module lies and how it is turned.

    Parameters
    ----------
    center_mm
        Middle of the module, (x, y, z) LPS, mm.
    roll_deg
        Turn about the axis, 0 as the maker draws it; positive turns the patient's
        left towards posterior (clockwise in the image).
    tilt_deg, yaw_deg
        Turn of the axis about x and about y by the right-hand rule: a positive tilt
        brings its upper end to anterior, a positive yaw to the patient's left; ``None``
        where too few slices show it.
    mirrored
        Whether the phantom is seen from its other end.
    scale
        Measured over nominal distance between inserts.
    residual_mm
        Root mean square distance of the inserts from their places.
    slice_positions_mm
        Position along the slice normal of each slice that was measured.
    slice_indices
        Its index in the volume.
    """

    center_mm: Vec3
    roll_deg: float
    tilt_deg: float | None
    yaw_deg: float | None
    mirrored: bool
    scale: float
    residual_mm: float
    slice_positions_mm: tuple[float, ...]
    slice_indices: tuple[int, ...]


@dataclass(frozen=True)
class Uncertainty:
    """Uncertainty budget of one CT number, HU.

    The first five are standard uncertainties; `bias_hu` is what the region is known
    to read too high or too low (blurred edge and cupping) and is not corrected.

    Parameters
    ----------
    noise_hu
        Of the mean, from noise and its correlation.
    position_hu
        From a misplaced region.
    edge_hu
        Of the estimated loss at the blurred edge.
    cupping_hu
        Of the estimated shading at this place.
    certificate_hu
        From the tolerance of the rod's density.
    bias_hu
        Sum of edge loss and shading, with its sign.
    """

    noise_hu: float
    position_hu: float
    edge_hu: float
    cupping_hu: float
    certificate_hu: float
    bias_hu: float

    @property
    def measurement_hu(self) -> float:
        """Standard uncertainty of the measurement, certificate left out."""
        parts = (self.noise_hu, self.position_hu, self.edge_hu, self.cupping_hu)
        return float(np.sqrt(np.sum(np.square(parts))))

    @property
    def expanded_hu(self) -> float:
        """Half-width of the 95 % interval about the reading.

        Twice the combined standard uncertainty plus the uncorrected bias.

        References
        ----------
        S. D. Phillips, K. R. Eberhardt, B. Parry, *Guidelines for expressing the
        uncertainty of measurement results containing uncorrected bias*, J. Res.
        Natl. Inst. Stand. Technol. 102, 577 (1997).
        """
        combined = np.hypot(self.measurement_hu, self.certificate_hu)
        return float(2 * combined + abs(self.bias_hu))


@dataclass(frozen=True)
class InsertReading:
    """What was read at one insert.

    Parameters
    ----------
    name, material, seed_name
        Position, material of the model, and its short name in seed tables.
    red, red_uncertainty
        Electron density relative to water and its standard uncertainty.
    identity
        What the scan says of the material there.
    remark
        The reason, where it is not confirmed.
    expected_hu
        CT number expected at this tube voltage on this scanner's own scale.
    residual_hu
        Reading minus expected.
    mean_hu, sd_hu, median_hu
        Over the voxels of the region in all its slices.
    voxels, effective_voxels
        How many, and how many independent ones would give the same certainty.
    slice_means_hu
        Mean in each slice.
    center_mm
        Center of the region in the middle slice, (x, y, z) LPS, mm.
    center_column, center_row
        The same in pixels of the middle slice.
    insert_radius_mm, region_radius_mm
        Nominal radius of the rod and radius of the region.
    fit_residual_mm
        Distance of the rod's fitted center from its place in the pose.
    uncertainty
        The budget.
    """

    name: str
    material: str
    seed_name: str
    red: float | None
    red_uncertainty: float
    identity: Identity
    remark: str
    expected_hu: float
    residual_hu: float
    mean_hu: float
    sd_hu: float
    median_hu: float
    voxels: int
    effective_voxels: float
    slice_means_hu: tuple[float, ...]
    center_mm: Vec3
    center_column: float
    center_row: float
    insert_radius_mm: float
    region_radius_mm: float
    fit_residual_mm: float | None
    uncertainty: Uncertainty


@dataclass(frozen=True, kw_only=True)
class Calibration(Result):
    """HU-RED calibration of one scan, with its check against a baseline.

    Parameters
    ----------
    recognition
        Which phantom it is.
    serial_number
        Serial number of the phantom, where the user gave it.
    acquisition
        How the scan was made.
    pose
        Where the phantom lies.
    readings
        One for each insert in view.
    unseen
        Names of the inserts that are not wholly in view.
    edge_spread_mm
        Standard deviation of the edge's line spread; ``None`` where not measurable.
    curve
        HU to RED.
    constancy
        The comparison with a baseline, where one was given.
    notes
        What was odd, one sentence each.
    image_checks
        The image of the same scan; ``None`` in records made before there were any.
        They have a verdict of their own, which is no part of this one: a slice or an
        edge out of limits does not make a CT number wrong.
    certificate
        What the certificate of this phantom says of its rods, where one was used.
    """

    kind: ClassVar[str] = "ct_calibration/1"

    recognition: Recognition
    serial_number: str | None
    acquisition: Acquisition
    pose: PhantomPose
    readings: tuple[InsertReading, ...]
    edge_spread_mm: float | None
    curve: Curve
    constancy: Constancy | None = None
    unseen: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    image_checks: ImageChecks | None = None
    certificate: Certificate | None = None

    @property
    def doubtful(self) -> tuple[InsertReading, ...]:
        """The inserts that are not what the model has there."""
        return tuple(r for r in self.readings if r.identity is not Identity.CONFIRMED)

    @property
    def verdict(self) -> Verdict:
        """Pass only if every insert is confirmed and the constancy check passes."""
        if self.constancy is not None and self.constancy.verdict is Verdict.FAIL:
            return Verdict.FAIL
        if self.doubtful or self.unseen:
            return Verdict.INCONCLUSIVE
        return Verdict.PASS if self.constancy is None else self.constancy.verdict

    @property
    def passed(self) -> bool:
        """Whether nothing needs attention."""
        return self.verdict is Verdict.PASS

    def reading_of(self, name: str) -> InsertReading:
        """The reading of one insert by its name.

        Raises
        ------
        InputError
            There is no such insert.
        """
        for reading in self.readings:
            if reading.name == name:
                return reading
        names = ", ".join(reading.name for reading in self.readings)
        raise InputError(f"There is no insert {name!r}; measured were {names}.")

    def summary(self) -> str:
        """One line per insert, the notes and a verdict, for a terminal or a log book."""
        rows = [
            f"{r.name:<20} {r.mean_hu:>8.1f} HU  ± {r.uncertainty.expanded_hu:<5.1f}"
            f"  RED {'-' if r.red is None else format(r.red, '.3f'):<6}"
            f"  {r.identity}{': ' + r.remark if r.remark else ''}"
            for r in self.readings
        ]
        rows.insert(0, f"{self.recognition.title}, score {self.recognition.score:.3f}")
        rows += [f"{name:<20} not in view" for name in self.unseen]
        if self.constancy is not None:
            rows.append(self.constancy.summary())
        if self.image_checks is not None:
            rows.append(self.image_checks.summary())
        rows += [f"note: {note}" for note in self.notes]
        if self.recognition.caveat:
            rows.append(f"note: {self.recognition.caveat}")
        return "\n".join([*rows, self.verdict.upper()])
