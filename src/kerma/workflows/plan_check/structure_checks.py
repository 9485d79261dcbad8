"""Whether structures are complete and lie in the images they were drawn on."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.core.structures import ContourKind, StructureSet
from kerma.core.volume import CT
from kerma.workflows.plan_check.limits import Limits
from kerma.workflows.plan_check.result import Finding
from kerma.workflows.plan_check.surfaces import (
    TARGETS,
    DrawnOn,
    beyond_mm,
    outside_mm,
)
from kerma.workflows.plan_check.wording import error, listed, name_of, note, warning

__all__ = ["check_structures", "check_structures_on_ct"]

_ONE_PLANE = 0.01  # mm


def check_structures(structures: StructureSet) -> Iterator[Finding]:
    """Names, empty and open structures, body outline; and what was odd on reading."""
    yield from _names(structures)
    yield from _empty(structures)
    external = [s for s in structures if s.interpreted_type == "EXTERNAL"]
    if not external:
        yield warning(
            "no external",
            "No structure has the type EXTERNAL, so what is patient is not stated.",
            "Give the body outline its type and export again.",
        )
    elif len(external) > 1:
        yield warning(
            "several externals",
            f"{len(external)} structures have the type EXTERNAL: "
            f"{listed(map(name_of, external))}.",
            "Keep one.",
        )
    open_kinds = (ContourKind.OPEN_PLANAR, ContourKind.OPEN_NONPLANAR)
    for structure in structures:
        count = sum(c.kind in open_kinds for c in structure.contours)
        if count:
            finding = warning if structure.interpreted_type in TARGETS else note
            yield finding(
                "open contours",
                f"{name_of(structure)}: {count} contour(s) are open and enclose "
                f"nothing.",
                "They do not count for volumes; close them if they should.",
            )
    for sentence in structures.notes:
        yield note("structures as read", sentence)


def _names(structures: StructureSet) -> Iterator[Finding]:
    blank = [s.number for s in structures if not s.name.strip()]
    if blank:
        yield warning(
            "no name", f"ROI {listed(blank)} has no name.", "Name it and export again."
        )
    counts = Counter(s.name for s in structures if s.name.strip())
    for name, count in counts.items():
        if count > 1:
            same = [s for s in structures if s.name == name]
            yield warning(
                "duplicate names",
                f"{count} structures are named {name_of(same[0])} (ROI "
                f"{listed(s.number for s in same)}).",
                "Rename all but one; by its name none can be told from the others.",
            )
    alike: dict[str, set[str]] = defaultdict(set)
    for name in counts:
        alike["".join(name.casefold().split()).replace("_", "")].add(name)
    for names in alike.values():
        if len(names) > 1:
            shown = listed(repr(name[:40]) for name in sorted(names))
            yield warning(
                "names alike",
                f"{shown} differ only in case, blanks or underscores.",
                "Rename them, so that none is taken for the other.",
            )


def _empty(structures: StructureSet) -> Iterator[Finding]:
    empty = [s for s in structures if s.is_empty]
    targets = [s for s in empty if s.interpreted_type in TARGETS]
    others = [s for s in empty if s not in targets]
    if targets:
        yield warning(
            "empty structure",
            f"Nothing is drawn for {listed(map(name_of, targets))}, a target.",
            "Draw or delete it. Was it lost in the export?",
        )
    if others:
        yield note(
            "empty structure", f"Nothing is drawn for {listed(map(name_of, others))}."
        )


def check_structures_on_ct(
    structures: StructureSet, ct: CT, limits: Limits
) -> Iterator[Finding]:
    """Contours off slices or outside the images, skipped slices, targets outside."""
    drawn = [DrawnOn(s, ct.grid) for s in structures if not s.is_empty]
    closed = [one for one in drawn if one.structure.closed_contours]
    yield from _outside_images(drawn, limits)
    yield from _off_slices(closed, limits)
    yield from _skipped(closed, limits)
    targets = [one for one in closed if one.structure.interpreted_type in TARGETS]
    body = [one for one in closed if one.structure.interpreted_type == "EXTERNAL"]
    for target in targets:
        yield from _few_slices(target, limits)
        if len(body) == 1:
            yield from _outside_body(target, body[0], limits)


def _outside_images(drawn: Sequence[DrawnOn], limits: Limits) -> Iterator[Finding]:
    beyond = [beyond_mm(one.grid, one.points, margin=0.5) for one in drawn]
    names, count, farthest = _over(drawn, beyond, limits.outside_mm)
    if names:
        yield error(
            "outside images",
            f"{names}: {count} contour points lie outside the CT, by up to "
            f"{farthest:.1f} mm.",
            "Was it drawn on another CT, or the series cut in the export?",
        )


def _over(
    drawn: Sequence[DrawnOn], distances: Sequence[FloatArray], limit: float
) -> tuple[str, int, float]:
    """Names of those that are over a limit; how many distances, and the largest."""
    over = [
        (name_of(one.structure), distance[distance > limit])
        for one, distance in zip(drawn, distances, strict=True)
        if (distance > limit).any()
    ]
    count = sum(distance.size for _, distance in over)
    farthest = max((float(distance.max()) for _, distance in over), default=0.0)
    return listed(name for name, _ in over), count, farthest


def _off_slices(drawn: Sequence[DrawnOn], limits: Limits) -> Iterator[Finding]:
    off = [one.off_slice_mm[one.is_in_stack] for one in drawn]  # others are outside
    names, count, farthest = _over(drawn, off, limits.off_slice_mm)
    if names:
        yield warning(
            "off slices",
            f"{names}: {count} contours do not lie on a CT slice, but up to "
            f"{farthest:.2f} mm off.",
            "Was it drawn on another image? Programs that move contours to the nearest "
            "slice shift it.",
        )


def _skipped(drawn: Sequence[DrawnOn], limits: Limits) -> Iterator[Finding]:
    short: dict[str, int] = {}
    for one in drawn:
        for _, count in one.skipped():
            name = name_of(one.structure)
            if count <= limits.gap_slices:
                short[name] = short.get(name, 0) + count
            else:
                yield note(
                    "separate parts",
                    f"{name} has a gap of {count} slices "
                    f"({count * one.grid.spacing[0]:.4g} mm).",
                )
    if short:
        shown = listed(f"{name} ({count})" for name, count in short.items())
        yield warning(
            "skipped slices",
            f"Slices without a contour between others, and how many: {shown}.",
            "Interpolate the contours, or confirm that the structure has separate parts.",
        )


def _few_slices(drawn: DrawnOn, limits: Limits) -> Iterator[Finding]:
    count = np.unique(np.rint(drawn.slices)).size
    if count < limits.few_slices:
        yield warning(
            "few slices",
            f"{name_of(drawn.structure)} is drawn on {count} slice(s) only.",
            "Its volume depends on how the ends are taken; use thinner slices.",
        )


def _outside_body(target: DrawnOn, body: DrawnOn, limits: Limits) -> Iterator[Finding]:
    farthest, places = 0.0, 0
    outlines = [body.in_plane(c) for c in body.structure.closed_contours]
    for contour, height in zip(
        target.structure.closed_contours, target.heights, strict=True
    ):
        # Outlines of one plane only: those of two would cut holes in each other.
        apart = np.abs(body.heights - height)
        if apart.min() > target.grid.spacing[0] / 2:
            continue
        here = [
            outline
            for outline, away in zip(outlines, apart, strict=True)
            if away <= apart.min() + _ONE_PLANE
        ]
        outside = float(outside_mm(target.in_plane(contour), here).max())
        if outside > limits.outside_mm:
            farthest, places = max(farthest, outside), places + 1
    if places:
        yield warning(
            "outside body",
            f"{name_of(target.structure)} reaches out of {name_of(body.structure)} by "
            f"up to {farthest:.1f} mm, in {places} contour(s).",
            "Crop it to the body, or confirm that it is meant (bolus, flash).",
        )
