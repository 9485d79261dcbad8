"""What the image checks find."""

from __future__ import annotations

from dataclasses import dataclass

from kerma.core.arrays import Vec3
from kerma.core.result import Verdict
from kerma.errors import InputError

__all__ = [
    "EdgeSpread",
    "ImageCheck",
    "ImageChecks",
    "RampProfile",
    "UniformRegion",
]


@dataclass(frozen=True)
class ImageCheck:
    """One figure of the image, and how it is judged.

    Parameters
    ----------
    name, unit
        What was measured, and its unit.
    value
        The measurement; ``None`` where it could not be made.
    uncertainty
        Its standard uncertainty, from the scatter of its parts; ``None`` where there
        is but one.
    expected, tolerance
        What it should be, and by how much it may differ, the limit included;
        ``None`` for a figure that is only reported.
    method
        How and on what it was measured.
    reason
        Why there is no value, or why it is not judged.
    """

    name: str
    unit: str
    value: float | None
    uncertainty: float | None = None
    expected: float | None = None
    tolerance: float | None = None
    method: str = ""
    reason: str = ""

    @property
    def verdict(self) -> Verdict | None:
        """Judgement; ``None`` for a figure that is only reported.

        Inconclusive where nothing could be measured.
        """
        if self.value is None:
            return Verdict.INCONCLUSIVE
        if self.expected is None or self.tolerance is None:
            return None
        # 1e-9: a difference of decimals must not turn the limit itself into a fail.
        within = abs(self.value - self.expected) <= self.tolerance + 1e-9
        return Verdict.PASS if within else Verdict.FAIL

    def line(self) -> str:
        """One line for a terminal or a log book."""
        label = f"image: {self.name:<34}"
        if self.value is None:
            return f"{label} not measured: {self.reason}"
        text = f"{label} {self.value:>8.2f} {self.unit}"
        if self.verdict is not None:
            text += (
                f"  (limit {self.expected:g} ± {self.tolerance:.3g})  {self.verdict}"
            )
        return f"{text}: {self.reason}" if self.reason else text


@dataclass(frozen=True)
class UniformRegion:
    """One region of the uniformity check.

    Parameters
    ----------
    name
        "center", or the patient's side it lies to.
    center_mm
        Its center in the middle one of the slices read, (x, y, z) LPS.
    radius_mm
        Its radius.
    mean_hu, sd_hu
        Mean over all slices read, and standard deviation of voxels in a slice.
    """

    name: str
    center_mm: Vec3
    radius_mm: float
    mean_hu: float
    sd_hu: float


@dataclass(frozen=True)
class RampProfile:
    """Slice profile seen on one wire ramp.

    Parameters
    ----------
    angle_deg
        Where the ramp is in the model.
    thickness_mm
        Full width at half maximum of the slice profile, along the axis.
    increment_ratio
        How far slices are apart by this ramp, over how far they say they are;
        ``None`` where one slice only shows it.
    distance_mm, share
        Mean profile: distance from the middle of the slice, along the axis, and CT
        number brought to 0 beside and 1 on top of the fitted profile.
    box_mm, blur_mm
        The fitted profile: a box of this width, blurred by a Gaussian of this
        standard deviation, both along the axis and with the blur of the image plane.
    """

    angle_deg: float
    thickness_mm: float
    increment_ratio: float | None
    distance_mm: tuple[float, ...]
    share: tuple[float, ...]
    box_mm: float
    blur_mm: float


@dataclass(frozen=True)
class EdgeSpread:
    """The blur at the rims of the inserts: a difference of two Gaussians.

    The line spread is ``(1 + overshoot) G(sigma) - overshoot G(2 sigma)``.

    Parameters
    ----------
    sigma_mm, overshoot
        Of the fit.
    depth_mm, share
        Mean edge: depth under the rim, and CT number brought to 0 outside and 1
        inside.
    shift_mm
        Measured minus nominal radius.
    """

    sigma_mm: float
    overshoot: float
    shift_mm: float
    depth_mm: tuple[float, ...]
    share: tuple[float, ...]


@dataclass(frozen=True)
class ImageChecks:
    """The image of a phantom scan: lengths, slices, uniformity, noise, sharpness.

    Parameters
    ----------
    limits
        Name of the profile of limits.
    checks
        The figures.
    regions
        What the uniformity was read in.
    ramps
        Slice profiles.
    edge
        Blur of the image plane.
    """

    limits: str
    checks: tuple[ImageCheck, ...]
    regions: tuple[UniformRegion, ...] = ()
    ramps: tuple[RampProfile, ...] = ()
    edge: EdgeSpread | None = None

    @property
    def verdict(self) -> Verdict:
        """Fail if any figure is beyond its limit; pass if one at least was judged."""
        verdicts = [check.verdict for check in self.checks]
        for verdict in (Verdict.FAIL, Verdict.PASS):
            if verdict in verdicts:
                return verdict
        return Verdict.INCONCLUSIVE

    @property
    def passed(self) -> bool:
        """Whether no figure is beyond its limit, and one at least was judged."""
        return self.verdict is Verdict.PASS

    @property
    def failed(self) -> tuple[ImageCheck, ...]:
        """The figures that are beyond their limits."""
        return tuple(c for c in self.checks if c.verdict is Verdict.FAIL)

    def check_of(self, name: str) -> ImageCheck:
        """One figure by its name.

        Raises
        ------
        InputError
            There is no such figure.
        """
        for check in self.checks:
            if check.name == name:
                return check
        names = ", ".join(check.name for check in self.checks)
        raise InputError(f"There is no image check {name!r}; there are {names}.")

    def summary(self) -> str:
        """One line per figure and a verdict."""
        rows = [check.line() for check in self.checks]
        return "\n".join([*rows, f"image: {self.verdict} (limits {self.limits})"])
