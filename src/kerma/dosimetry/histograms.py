"""Dose-volume histograms."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.core.dose import Dose
from kerma.core.structures import Structure, StructureSet
from kerma.dosimetry.sampling import Sampling, samples_of
from kerma.errors import GeometryError, InputError

__all__ = ["DVH", "Outside", "dvh", "dvhs", "precision_of"]

Outside: TypeAlias = Literal["exclude", "zero", "refuse"]
"""What becomes of the part of a structure outside the dose grid: it does not count, has
no dose, or is an error."""

_MM3_PER_CC = 1000.0
_NEGLIGIBLE = 1e-9  # of a volume; rounding


@dataclass(frozen=True, eq=False)
class DVH:
    """The distribution of dose over the volume of a structure.

    Between the edges of a bin its volume is spread evenly, so that all values below are
    continuous and none depends on a bin width.

    Parameters
    ----------
    name, number
        The structure.
    edges_gy
        (n + 1,) edges of the bins, from the smallest to the largest dose, Gy.
    bins_cc
        (n,) volume of each bin, cm³.
    mean_gy
        Mean dose, Gy.
    outside_cc
        Volume of the structure outside the dose grid, cm³. Percentages of volume and
        all doses are of the part inside, unless that outside was taken to have none.
    sampling
        How the contours were understood, and the edge of the cells, mm.
    notes
        What the reader should know.
    """

    name: str
    number: int
    edges_gy: FloatArray
    bins_cc: FloatArray
    mean_gy: float
    outside_cc: float = 0.0
    sampling: Sampling = field(default_factory=Sampling)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.edges_gy.shape != (self.bins_cc.size + 1,) or not self.bins_cc.size:
            raise InputError(
                f"A histogram of {self.bins_cc.size} bins needs one edge more; got "
                f"{self.edges_gy.size}."
            )
        if not np.all(np.diff(self.edges_gy) > 0):
            raise InputError("The edges of the bins of a histogram have to ascend.")
        if not (self.bins_cc.min() >= 0 and self.bins_cc.sum() > 0):
            raise InputError("A histogram has volumes, and none of them is negative.")
        self.edges_gy.flags.writeable = False
        self.bins_cc.flags.writeable = False

    @property
    def volume_cc(self) -> float:
        """Volume with a dose, cm³."""
        return float(self._above_cc[0])

    @property
    def outside_percent(self) -> float:
        """Share of the whole structure that lies outside the dose grid, percent."""
        return 100 * self.outside_cc / (self.volume_cc + self.outside_cc)

    @property
    def minimum_gy(self) -> float:
        """Smallest dose, Gy."""
        return float(self.edges_gy[0])

    @property
    def maximum_gy(self) -> float:
        """Largest dose, Gy."""
        return float(self.edges_gy[-1])

    @cached_property
    def _above_cc(self) -> FloatArray:
        """(n + 1,) volume with at least the dose of each edge, cm³."""
        above = np.zeros(self.edges_gy.size)
        above[:-1] = np.cumsum(self.bins_cc[::-1])[::-1]
        return above

    def dose_at_volume(
        self, *, percent: float | None = None, cc: float | None = None
    ) -> float:
        """Dose that the hottest part of a volume receives at least, Gy.

        Parameters
        ----------
        percent, cc
            The volume, in percent or cm³: one of the two. D95% is the dose at 95
            percent.

        Returns
        -------
        float
            NaN where the structure is smaller than `cc`: nothing is extrapolated.
        """
        volume = self._volume(percent, cc)
        if math.isnan(volume):
            return math.nan
        above = self._above_cc
        # The last edge that so much volume reaches; a plateau gives its upper end.
        k = int(np.searchsorted(-above, -volume, side="right")) - 1
        if k >= self.bins_cc.size:
            return self.maximum_gy if volume <= 0 else float(self.edges_gy[k])
        share = (above[k] - volume) / self.bins_cc[k]
        return float(
            self.edges_gy[k] + share * (self.edges_gy[k + 1] - self.edges_gy[k])
        )

    def volume_at_dose(self, gy: float) -> float:
        """Volume that receives at least a dose, cm³."""
        return float(np.interp(gy, self.edges_gy, self._above_cc))

    def percent_at_dose(self, gy: float) -> float:
        """Volume that receives at least a dose, percent."""
        return 100 * self.volume_at_dose(gy) / self.volume_cc

    def mean_of_hottest(
        self, *, percent: float | None = None, cc: float | None = None
    ) -> float:
        """Mean dose of the hottest part of a volume, Gy; NaN as `dose_at_volume`."""
        volume = self._volume(percent, cc)
        if math.isnan(volume) or volume <= 0:
            return math.nan if volume != 0 else self.maximum_gy
        # Bins from the hottest on; the last one counts with its hotter share.
        left = np.clip(volume - self._above_cc[1:], 0, self.bins_cc)
        upper, width = self.edges_gy[1:], np.diff(self.edges_gy)
        share = np.divide(
            left, self.bins_cc, out=np.zeros(left.size), where=self.bins_cc > 0
        )
        return float(left @ (upper - share * width / 2) / volume)

    def mean_of_coldest(
        self, *, percent: float | None = None, cc: float | None = None
    ) -> float:
        """Mean dose of the coldest part of a volume, Gy; NaN as `dose_at_volume`."""
        volume = self._volume(percent, cc)
        if math.isnan(volume) or volume <= 0:
            return math.nan if volume != 0 else self.minimum_gy
        whole, rest = self.volume_cc, self.volume_cc - volume
        total = self.mean_of_hottest(cc=whole) * whole
        hot = self.mean_of_hottest(cc=rest) * rest if rest > 0 else 0.0
        return (total - hot) / volume

    def geud(self, a: float) -> float:
        r"""Generalized equivalent uniform dose, Gy.

        .. math:: \mathrm{gEUD} = \left(\sum_i v_i D_i^a\right)^{1/a}

        with :math:`v_i` the shares of the volume. The mean for a = 1; the larger a, the
        nearer to the maximum, and below zero to the minimum. 0 where a is below zero
        and a part of the volume has no dose.

        References
        ----------
        Niemierko, Med Phys 1999;26:1100 (abstract).
        """
        if a == 0 or not math.isfinite(a):
            raise InputError(f"The exponent of a gEUD is not 0 and finite; got {a}.")
        doses = (self.edges_gy[1:] + self.edges_gy[:-1]) / 2
        shares = self.bins_cc / self.volume_cc
        doses, shares = np.maximum(doses[shares > 0], 0), shares[shares > 0]
        if doses.max() == 0 or (a < 0 and doses.min() == 0):
            return 0.0
        # Relative to the largest dose, so that high powers stay finite.
        scale = doses.max() if a > 0 else doses.min()
        return float(scale * (shares @ (doses / scale) ** a) ** (1 / a))

    def cumulative(self, bin_gy: float = 0.05) -> tuple[FloatArray, FloatArray]:
        """Doses from 0 on in steps, Gy, and the volume that receives each, cm³."""
        if not bin_gy > 0:
            raise InputError(f"A bin is wider than 0 Gy; got {bin_gy} Gy.")
        start = min(0.0, math.floor(self.minimum_gy / bin_gy) * bin_gy)
        count = math.ceil((self.maximum_gy - start) / bin_gy) + 1
        if count > 1_000_000:
            raise InputError(f"Bins of {bin_gy} Gy are too many; give wider ones.")
        doses = start + bin_gy * np.arange(count + 1)
        return doses, np.interp(doses, self.edges_gy, self._above_cc)

    def differential(self, bin_gy: float = 0.05) -> tuple[FloatArray, FloatArray]:
        """Edges of bins, Gy, and the volume in each, cm³."""
        doses, volumes = self.cumulative(bin_gy)
        return doses, -np.diff(volumes)

    def _volume(self, percent: float | None, cc: float | None) -> float:
        """A volume in cm³; NaN where the structure has not so much."""
        if (percent is None) == (cc is None):
            raise InputError("Give the volume either in percent or in cm³.")
        if percent is not None:
            if not 0 <= percent <= 100:
                raise InputError(f"A volume is 0 to 100 percent; got {percent}.")
            return self.volume_cc * (percent / 100)
        if cc is None or not cc >= 0:
            raise InputError(f"A volume is not negative; got {cc} cm³.")
        if cc > self.volume_cc * (1 + _NEGLIGIBLE):
            return math.nan
        return min(cc, self.volume_cc)


def dvh(
    dose: Dose,
    structure: Structure,
    sampling: Sampling | None = None,
    *,
    outside: Outside = "exclude",
) -> DVH:
    """Dose-volume histogram of a structure, from its contours and the dose as it is.

    Parameters
    ----------
    dose
        In Gy.
    structure
        In the same frame of reference.
    sampling
        End caps, what lies between planes, size of the cells.
    outside
        What becomes of the part outside the dose grid. It is always reported.

    Raises
    ------
    GeometryError
        Different frames of reference; contours that are not planar and parallel; the
        structure lies outside the dose grid, or a part of it with ``"refuse"``.
    InputError
        The structure has no volume, or an option is wrong.
    ScopeError
        The dose is relative.
    """
    if outside not in ("exclude", "zero", "refuse"):
        raise InputError(
            f'Outside the dose grid is "exclude", "zero" or "refuse"; got {outside!r}.'
        )
    sampling = sampling or Sampling()
    samples = samples_of(dose, structure, sampling)
    edges, bins = samples.edges_gy, samples.bins_mm3 / _MM3_PER_CC
    inside, beyond = bins.sum(), samples.outside_mm3 / _MM3_PER_CC
    mean, notes = samples.mean_gy, samples.notes
    if beyond > _NEGLIGIBLE * inside:
        share = f"{100 * beyond / (inside + beyond):.2g} %"
        if outside == "refuse":
            raise GeometryError(
                f"{share} of {structure.name!r} lies outside the dose grid."
            )
        if outside == "zero":
            edges, bins = _with_zero(edges, bins, beyond)
            mean *= inside / (inside + beyond)
        done = "has no dose" if outside == "zero" else "does not count"
        notes = (*notes, f"{share} lies outside the dose grid and {done}.")
    return DVH(
        structure.name,
        structure.number,
        edges,
        bins,
        mean,
        0.0 if outside == "zero" else beyond,
        Sampling(
            sampling.end_cap, sampling.between, sampling.fill_gaps, samples.step_mm
        ),
        notes,
    )


def dvhs(
    dose: Dose,
    structures: StructureSet,
    names: Iterable[str | int] | None = None,
    *,
    sampling: Sampling | None = None,
    outside: Outside = "exclude",
) -> tuple[DVH, ...]:
    """Histograms of the structures of a set.

    Parameters
    ----------
    dose, structures
        In one frame of reference.
    names
        Names or numbers; ``None`` for all that have a closed contour.
    sampling, outside
        As for `dvh`.

    Raises
    ------
    InputError, GeometryError, ScopeError
        As for `dvh`, and where there is no structure of a name.
    """
    if names is None:
        chosen = [s for s in structures if s.closed_contours]
    else:
        chosen = [structures[name] for name in names]
    return tuple(dvh(dose, s, sampling, outside=outside) for s in chosen)


def precision_of(
    quantity: Callable[[DVH], float],
    dose: Dose,
    structure: Structure,
    sampling: Sampling | None = None,
) -> float:
    """How much a quantity changes when the cells are half as large.

    An estimate of the error of the sampling alone: end caps, contours and the spacing of
    the dose have errors of their own, which are usually larger.

    References
    ----------
    Pepin et al., Med Phys 2022, judge histograms by the width of such a band.
    """
    first = dvh(dose, structure, sampling)
    used = first.sampling
    half = Sampling(
        used.end_cap, used.between, used.fill_gaps, (used.spacing_mm or 0.0) / 2
    )
    return abs(quantity(first) - quantity(dvh(dose, structure, half)))


def _with_zero(
    edges: FloatArray, bins: FloatArray, volume: float
) -> tuple[FloatArray, FloatArray]:
    """A histogram with a further volume without dose."""
    if edges[0] <= 0:
        k = int(
            np.clip(np.searchsorted(edges, 0.0, side="right") - 1, 0, bins.size - 1)
        )
        more = bins.copy()
        more[k] += volume
        return edges, more
    sliver = min(1e-6, edges[0] / 2)
    return np.concatenate([[0.0, sliver], edges]), np.concatenate([[volume, 0.0], bins])
