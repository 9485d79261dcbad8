"""What a breast CT shows: its tissues, its glandularity, and what to look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from kerma.core.arrays import Vec3
from kerma.core.result import Result
from kerma.core.volume import Acquisition
from kerma.workflows.breast_ct.calibration import ScaleFit
from kerma.workflows.breast_ct.flags import Flag, Severity
from kerma.workflows.breast_ct.glandularity import Estimate, Glandularity
from kerma.workflows.breast_ct.shape import BreastShape, Part

__all__ = ["BreastCT", "FoundImplant", "Grade", "SkinSummary", "Speck"]


@dataclass(frozen=True)
class SkinSummary:
    """The skin of a breast in numbers.

    Parameters
    ----------
    mean_mm, sd_mm
        Thickness over the measured surface; ``None`` where nothing could be measured.
    coverage
        Part of the surface where it was measured.
    """

    mean_mm: float | None
    sd_mm: float | None
    coverage: float


@dataclass(frozen=True)
class FoundImplant:
    """An implant in numbers.

    Parameters
    ----------
    filling
        "silicone" or "saline", told by its CT number.
    volume_ml
        What of it is in view.
    mean_hu
        Well inside, HU.
    """

    filling: str
    volume_ml: float
    mean_hu: float


@dataclass(frozen=True)
class Speck:
    """A clip or calcification.

    Parameters
    ----------
    position_mm
        Its center, (x, y, z) LPS, mm.
    volume_ml, peak_hu
        How much of it there is, and its largest CT number, HU.
    """

    position_mm: Vec3
    volume_ml: float
    peak_hu: float


@dataclass(frozen=True)
class Grade:
    """The density grade by cut-points of the gland fraction; no reader's opinion.

    Parameters
    ----------
    grade
        Such as "B".
    scale
        Name of the cut-points.
    """

    grade: str
    scale: str


@dataclass(frozen=True, kw_only=True)
class BreastCT(Result):
    """Tissues and glandularity of one breast.

    Parameters
    ----------
    scan
        Name of the scan in tables and files.
    laterality
        "L" or "R"; ``None`` where nobody says.
    acquisition
        How the scan was made.
    shape, spacing_mm
        Voxels and their distance along chest wall to nipple, head to feet, right to
        left.
    device
        Name of what was known of the HU scale beforehand.
    scale
        The HU scale of this scan.
    shading_hu
        Largest correction of shading, HU; ``None`` where none was asked for.
    glandularity
        How much of it is gland.
    grade
        The density grade.
    volumes_ml
        By tissue.
    breast
        Its size and shape.
    skin
        Its skin.
    nipple_mm
        Tip of the nipple, (x, y, z) LPS, mm; ``None`` where none stands out.
    quadrants
        Gland in each; empty where the nipple or the side is unknown.
    rings
        Gland by distance from the axis of the nipple; empty where that is unknown.
    implants, specks
        Implants, and clips and calcifications.
    flags
        What to know before trusting it.
    """

    kind: ClassVar[str] = "breast_ct/1"

    scan: str
    laterality: str | None
    acquisition: Acquisition
    shape: tuple[int, int, int]
    spacing_mm: Vec3
    device: str
    scale: ScaleFit
    shading_hu: float | None
    glandularity: Glandularity
    grade: Grade
    volumes_ml: Mapping[str, float]
    breast: BreastShape
    skin: SkinSummary
    nipple_mm: Vec3 | None
    quadrants: tuple[Part, ...]
    rings: tuple[Part, ...]
    implants: tuple[FoundImplant, ...]
    specks: tuple[Speck, ...]
    flags: tuple[Flag, ...]

    @property
    def passed(self) -> bool:
        """Whether the numbers describe this breast."""
        return all(flag.severity is not Severity.UNUSABLE for flag in self.flags)

    @property
    def severity(self) -> Severity | None:
        """That of the worst flag."""
        found = {flag.severity for flag in self.flags}
        worst_first = (Severity.UNUSABLE, Severity.LOOK, Severity.NOTE)
        return next((one for one in worst_first if one in found), None)

    def summary(self) -> str:
        """Numbers and flags in a few lines."""
        gland = self.glandularity
        volumes = ", ".join(
            f"{name} {volume:.1f}" for name, volume in self.volumes_ml.items() if volume
        )
        skin = self.skin
        thickness = (
            "not measured"
            if skin.mean_mm is None
            else f"{skin.mean_mm:.2f} mm ± {skin.sd_mm:.2f}"
        )
        scale, breast = self.scale, self.breast
        rows = {
            "glandularity": _percent(gland.vgf),
            "  skin included": _percent(gland.vgf_with_skin),
            "  by mass": _percent(gland.mass),
            "  HU_G, Seg_G": f"{gland.hu_g.value:.4f}, {gland.seg_g.value:.4f}",
            "fat": f"{scale.fat_hu:.0f} HU ± {scale.u_fat_hu:.0f}",
            "gland": f"{scale.gland_hu:.0f} HU ± {scale.u_gland_hu:.0f}",
            "volumes, ml": volumes,
            "breast": f"{breast.volume_ml:.0f} ml, {breast.length_mm:.0f} mm long",
            "  at chest wall": f"{breast.chest_wall_diameter_mm:.0f} mm across",
            "skin": thickness,
            "grade": f"{self.grade.grade} ({self.grade.scale})",
        }
        title = f"{self.scan} ({self.laterality})" if self.laterality else self.scan
        lines = [title, *(f"{name:<20}{text}" for name, text in rows.items())]
        lines += [f"{flag.severity}: {flag.sentence}" for flag in self.flags]
        return "\n".join(lines)


def _percent(estimate: Estimate) -> str:
    return (
        f"{100 * estimate.value:.1f} %  (95 %: {100 * estimate.low:.1f} to "
        f"{100 * estimate.high:.1f})"
    )
