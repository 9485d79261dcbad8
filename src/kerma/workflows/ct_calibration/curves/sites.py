"""The scans that a set of curves is made from: one, or a head and a body."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, get_args

import numpy as np

from kerma.core.phantom import Phantom
from kerma.errors import InputError, ScopeError
from kerma.workflows.ct_calibration.comparison import scope_of
from kerma.workflows.ct_calibration.curve import CurvePoint, average
from kerma.workflows.ct_calibration.curves.rods import Rod, mean_rod, rod_of
from kerma.workflows.ct_calibration.procedure import material_points
from kerma.workflows.ct_calibration.result import Calibration, Identity

__all__ = ["SITES", "Site", "SiteReading", "read_sites"]

Site: TypeAlias = Literal["scan", "head", "body", "average"]
"""What a curve is for: the only scan, the smaller phantom, the larger, or their mean."""

SITES: tuple[Site, ...] = get_args(Site)


@dataclass(frozen=True)
class SiteReading:
    """The materials on one scan, or their mean over two.

    Parameters
    ----------
    site
        What the scan stands for.
    points
        CT number and RED by key of the material.
    rods
        What is known of the rods.
    expected_hu
        CT number that the phantom's file expects of each, on this scanner's own scale.
    """

    site: Site
    points: Mapping[str, CurvePoint]
    rods: Mapping[str, Rod]
    expected_hu: Mapping[str, float]


def read_sites(
    scans: Sequence[tuple[Calibration, Phantom]],
) -> tuple[SiteReading, ...]:
    """One reading of one scan; head, body and average of two.

    The smaller of two phantoms is the head. The average holds the materials that are in
    both.

    Raises
    ------
    ScopeError
        The two scans were not made alike.
    InputError
        No scan, more than two, two of phantoms of one size, or a material that is not
        the same in both.
    """
    if len(scans) == 1:
        ((calibration, phantom),) = scans
        return (_reading("scan", calibration, phantom),)
    if len(scans) != 2:
        raise InputError(
            f"Curves are made from one scan, or from one of a head and one of a body "
            f"phantom; got {len(scans)}."
        )
    small, large = sorted(scans, key=lambda scan: _size(scan[1]))
    if _size(small[1]) == _size(large[1]):
        outline = small[1].outline
        raise InputError(
            f"Both scans show a phantom of {outline.width_mm:g} x "
            f"{outline.height_mm:g} mm; two curves need one of head and one of body "
            f"size."
        )
    _check_alike(small[0], large[0])
    head, body = _reading("head", *small), _reading("body", *large)
    _check_materials(small[1], large[1], head.points.keys() & body.points.keys())
    return head, body, _mean(head, body)


def _size(phantom: Phantom) -> float:
    return phantom.outline.width_mm * phantom.outline.height_mm


def _reading(site: Site, calibration: Calibration, phantom: Phantom) -> SiteReading:
    points = material_points(calibration.readings)
    unknown = sorted(set(points) - set(phantom.materials))
    if unknown:
        raise InputError(
            f"The calibration has a material {unknown[0]!r} that the phantom "
            f"{phantom.name} lacks; give the phantom file that it was made with."
        )
    certificate = calibration.certificate
    certified = certificate.materials if certificate else {}
    rods = {
        key: rod_of(key, phantom.materials[key], point, certified.get(key))
        for key, point in points.items()
    }
    return SiteReading(site, points, rods, _expected(calibration, points))


def _expected(calibration: Calibration, keys: Iterable[str]) -> dict[str, float]:
    """Expected CT number of each material: the mean of its confirmed inserts."""
    return {
        key: float(
            np.mean(
                [
                    reading.expected_hu
                    for reading in calibration.readings
                    if reading.material == key
                    and reading.identity is Identity.CONFIRMED
                ]
            )
        )
        for key in keys
    }


def _check_alike(head: Calibration, body: Calibration) -> None:
    scopes = [
        replace(scope_of(one), phantom=None, phantom_serial_number=None)
        for one in (head, body)
    ]
    differences = scopes[1].differences(scopes[0])
    if differences:
        raise ScopeError(
            f"The two scans were not made alike: {'; '.join(differences)} (head first). "
            f"Scan both phantoms with one protocol."
        )


def _check_materials(head: Phantom, body: Phantom, keys: Iterable[str]) -> None:
    """Refuse one key for two materials."""
    for key in keys:
        mine, other = head.materials[key], body.materials[key]
        alike = (mine.red, mine.density_g_cm3, mine.composition)
        if alike != (other.red, other.density_g_cm3, other.composition):
            raise InputError(
                f"The material {key!r} is not the same in both phantoms; name one of "
                f"them otherwise in its phantom file."
            )


def _mean(head: SiteReading, body: SiteReading) -> SiteReading:
    """The materials that are in both; each insert counts alike, as in `average`."""
    both = [key for key in head.points if key in body.points]
    points, rods, expected = {}, {}, {}
    for key in both:
        mine, other = head.points[key], body.points[key]
        weight = mine.inserts / (mine.inserts + other.inserts)
        points[key] = average((mine, other))
        rods[key] = mean_rod(head.rods[key], body.rods[key], points[key], weight)
        expected[key] = (
            weight * head.expected_hu[key] + (1 - weight) * body.expected_hu[key]
        )
    return SiteReading("average", points, rods, expected)
