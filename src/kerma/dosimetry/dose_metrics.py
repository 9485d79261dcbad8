"""Numbers read off a histogram, by the names that clinics write them with."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from kerma.core.dose import Dose
from kerma.core.structures import Contour, Structure
from kerma.dosimetry.histograms import DVH, dvh
from kerma.dosimetry.sampling import Sampling
from kerma.errors import InputError

__all__ = [
    "Conformity",
    "Metric",
    "MetricKind",
    "MetricUnit",
    "conformity",
    "homogeneity_index",
    "lkb_ntcp",
    "parse_metric",
]

MetricUnit: TypeAlias = Literal["Gy", "%", "cc", ""]
MetricKind: TypeAlias = Literal[
    "D", "V", "CV", "MOH", "MOC", "Dmax", "Dmean", "Dmin", "Dmedian", "gEUD", "HI",
    "Volume",
]  # fmt: skip

_NUMBER = r"(\d+(?:\.\d*)?|\.\d+)"
_WORDS: dict[str, MetricKind] = {
    "dmax": "Dmax",
    "dmean": "Dmean",
    "dmin": "Dmin",
    "dmedian": "Dmedian",
    "hi": "HI",
    "volume": "Volume",
}
_AT_VOLUME = re.compile(rf"(D|MOH|MOC){_NUMBER}\s*(%|cc|cm3)", re.IGNORECASE)
_AT_DOSE = re.compile(rf"(CV|V){_NUMBER}\s*(%|Gy|cGy)", re.IGNORECASE)
_GEUD = re.compile(
    r"gEUD\(\s*a\s*=\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+))\s*\)", re.IGNORECASE
)
_EXPECTED = (
    "D95%, D2cc, Dmax, Dmean, Dmin, Dmedian, V20Gy, V95%, CV20Gy, MOH2%, MOC2%, "
    "gEUD(a=8), HI or Volume"
)


@dataclass(frozen=True)
class Metric:
    """One number of a histogram.

    Parameters
    ----------
    kind
        "D" and "V" are dose at volume and volume at dose, "CV" the volume below a
        dose, "MOH" and "MOC" the mean of the hottest and coldest part.
    amount
        Volume, dose or exponent that belongs to it.
    amount_unit
        "Gy", "%" (of the volume, or of the prescription) or "cc".
    """

    kind: MetricKind
    amount: float = 0.0
    amount_unit: MetricUnit = ""

    def __str__(self) -> str:
        if self.kind == "gEUD":
            return f"gEUD(a={self.amount:g})"
        return (
            f"{self.kind}{self.amount:g}{self.amount_unit}"
            if self._has_amount
            else (self.kind)
        )

    @property
    def _has_amount(self) -> bool:
        return self.kind in ("D", "V", "CV", "MOH", "MOC")

    @property
    def units(self) -> tuple[MetricUnit, ...]:
        """The units in which it can be given, the usual one first."""
        if self.kind in ("V", "CV"):
            return "%", "cc"
        if self.kind == "Volume":
            return ("cc",)
        return ("",) if self.kind == "HI" else ("Gy", "%")

    def needs_prescription(self, unit: MetricUnit) -> bool:
        """Whether it refers to a prescribed dose."""
        if self.kind in ("V", "CV"):
            return self.amount_unit == "%"
        return unit == "%"

    def of(
        self,
        histogram: DVH,
        unit: MetricUnit = "",
        prescription_gy: float | None = None,
    ) -> float:
        """The number, in a unit; the usual one where none is given.

        Returns
        -------
        float
            NaN where the structure is smaller than the volume asked about.

        Raises
        ------
        InputError
            A unit that it cannot have, or no prescription to refer to.
        """
        unit = unit or self.units[0]
        if unit not in self.units:
            raise InputError(f"{self} is in {' or '.join(self.units)}, not in {unit}.")
        if self.needs_prescription(unit) and not (prescription_gy or 0) > 0:
            raise InputError(f"{self} in {unit} needs the prescribed dose.")
        rx = prescription_gy or math.nan
        if self.kind in ("V", "CV"):
            return self._volume(histogram, unit, rx)
        value = self._dose(histogram)
        return 100 * value / rx if unit == "%" else value

    def _volume(self, histogram: DVH, unit: MetricUnit, rx: float) -> float:
        gy = self.amount * rx / 100 if self.amount_unit == "%" else self.amount
        cc = histogram.volume_at_dose(gy)
        if self.kind == "CV":
            cc = histogram.volume_cc - cc
        return cc if unit == "cc" else 100 * cc / histogram.volume_cc

    def _dose(self, histogram: DVH) -> float:
        if self.kind in ("D", "MOH", "MOC"):
            return self._dose_of_part(histogram)
        if self.kind == "gEUD":
            return histogram.geud(self.amount)
        if self.kind == "HI":
            return homogeneity_index(histogram)
        return {
            "Dmax": histogram.maximum_gy,
            "Dmin": histogram.minimum_gy,
            "Dmean": histogram.mean_gy,
            "Dmedian": histogram.dose_at_volume(percent=50),
            "Volume": histogram.volume_cc,
        }[self.kind]

    def _dose_of_part(self, histogram: DVH) -> float:
        ask = {
            "D": histogram.dose_at_volume,
            "MOH": histogram.mean_of_hottest,
            "MOC": histogram.mean_of_coldest,
        }[self.kind]
        if self.amount_unit == "cc":
            return ask(cc=self.amount)
        return ask(percent=self.amount)


def parse_metric(text: str) -> Metric:
    """Understand a metric such as ``D95%``, ``D0.03cc``, ``V20Gy`` or ``gEUD(a=8)``.

    Raises
    ------
    InputError
        It is none; the message lists what there is.
    """
    plain = text.strip()
    if word := _WORDS.get(plain.lower()):
        return Metric(word)
    if found := _GEUD.fullmatch(plain):
        if float(found[1]) == 0:
            raise InputError("The exponent of a gEUD cannot be 0.")
        return Metric("gEUD", float(found[1]))
    if found := _AT_VOLUME.fullmatch(plain):
        unit: MetricUnit = "%" if found[3] == "%" else "cc"
        if unit == "%" and float(found[2]) > 100:
            raise InputError(f"{plain}: there is no more than 100 % of a volume.")
        kinds: dict[str, MetricKind] = {"D": "D", "MOH": "MOH", "MOC": "MOC"}
        return Metric(kinds[found[1].upper()], float(found[2]), unit)
    if found := _AT_DOSE.fullmatch(plain):
        per_gy = 0.01 if found[3].lower() == "cgy" else 1.0
        return Metric(
            "CV" if found[1].upper() == "CV" else "V",
            float(found[2]) * per_gy,
            "%" if found[3] == "%" else "Gy",
        )
    raise InputError(f"{plain!r} is no metric; there are: {_EXPECTED}.")


def homogeneity_index(histogram: DVH) -> float:
    """(D2% - D98%) / D50%; 0 is perfect.

    References
    ----------
    ICRU Report 83, J ICRU 2010;10(1), equation 3.8.
    """
    d2, d98, d50 = (histogram.dose_at_volume(percent=p) for p in (2, 98, 50))
    return (d2 - d98) / d50 if d50 else math.nan


@dataclass(frozen=True)
class Conformity:
    """How closely an isodose follows a target.

    Parameters
    ----------
    prescription_gy
        Dose of the isodose, Gy.
    target_cc
        Volume of the target, cm³.
    covered_cc
        Volume of the target within the isodose, cm³.
    isodose_cc, half_isodose_cc
        Volume within the isodose, and within that of half the dose, cm³, anywhere in
        the body or, without a body, on the dose grid.
    """

    prescription_gy: float
    target_cc: float
    covered_cc: float
    isodose_cc: float
    half_isodose_cc: float

    @property
    def coverage(self) -> float:
        """Share of the target within the isodose."""
        return self.covered_cc / self.target_cc

    @property
    def rtog(self) -> float:
        """Isodose over target volume; Shaw et al., IJROBP 1993;27:1231."""
        return self.isodose_cc / self.target_cc

    @property
    def paddick(self) -> float | None:
        """Coverage times selectivity, at best 1; Paddick, J Neurosurg 2000;93 S3:219."""
        if not self.isodose_cc:
            return None
        return self.covered_cc**2 / (self.target_cc * self.isodose_cc)

    @property
    def gradient(self) -> float | None:
        """Half over full isodose volume; Paddick, J Neurosurg 2006;105 Suppl:194."""
        return self.half_isodose_cc / self.isodose_cc if self.isodose_cc else None

    @property
    def r50(self) -> float:
        """Half isodose volume over target volume."""
        return self.half_isodose_cc / self.target_cc


def conformity(
    dose: Dose,
    target: Structure,
    *,
    prescription_gy: float,
    body: Structure | None = None,
    sampling: Sampling | None = None,
) -> Conformity:
    """Conformity of the isodose of the prescription to a target.

    Raises
    ------
    InputError
        The prescription is not positive, or as for `dvh`.
    GeometryError, ScopeError
        As for `dvh`; a part of the target lies outside the dose grid.
    """
    if not 0 < prescription_gy < math.inf:
        raise InputError(f"A prescription is more than 0 Gy; got {prescription_gy} Gy.")
    inside = dvh(dose, target, sampling, outside="refuse")
    everywhere = (
        dvh(dose, _whole(dose), Sampling(end_cap="none"))
        if body is None
        else dvh(dose, body, sampling)
    )
    return Conformity(
        prescription_gy,
        inside.volume_cc,
        inside.volume_at_dose(prescription_gy),
        everywhere.volume_at_dose(prescription_gy),
        everywhere.volume_at_dose(prescription_gy / 2),
    )


def lkb_ntcp(geud_gy: float, *, td50_gy: float, m: float) -> float:
    r"""Complication probability of the Lyman-Kutcher-Burman model, 0 to 1.

    .. math:: \Phi\left(\frac{\mathrm{gEUD} - TD_{50}}{m \, TD_{50}}\right)

    with the gEUD for a = 1/n. The parameters are the user's: they belong to an organ,
    an endpoint and a fractionation.

    References
    ----------
    Lyman, Radiat Res Suppl 1985;8:S13; Kutcher and Burman, IJROBP 1989;16:1623.
    """
    if not (td50_gy > 0 and m > 0):
        raise InputError(f"TD50 and m are positive; got {td50_gy} Gy and {m}.")
    return math.erfc((td50_gy - geud_gy) / (m * td50_gy) / math.sqrt(2)) / 2


def _whole(dose: Dose) -> Structure:
    """All that lies between the voxel centers of a dose."""
    nk, nj, ni = dose.grid.shape
    corners = [(0, 0), (0, ni - 1), (nj - 1, ni - 1), (nj - 1, 0)]
    contours = tuple(
        Contour(dose.grid.to_patient(np.array([(k, j, i) for j, i in corners])))
        for k in range(nk)
    )
    frame = dose.grid.frame_of_reference
    return Structure(0, "the dose grid", contours, frame_of_reference=frame)
