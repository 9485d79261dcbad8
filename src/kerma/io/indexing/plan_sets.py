"""Plans with the images, structures and doses that belong to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from kerma.io.indexing.kinds import WORDS
from kerma.io.indexing.links import Catalog
from kerma.io.indexing.records import Instance, PlanSet, Reference, Series

__all__ = ["make_plan_sets"]


def make_plan_sets(
    catalog: Catalog, references: Sequence[Reference]
) -> tuple[PlanSet, ...]:
    """One set for each plan, and one for the doses of each plan that is not here."""
    outgoing: dict[str, list[Reference]] = defaultdict(list)
    for reference in references:
        outgoing[reference.source.path].append(reference)
    doses: dict[tuple[str, str], list[Reference]] = defaultdict(list)
    for reference in references:
        if reference.source.kind == "RTDOSE" and reference.role == "plan":
            doses[_plan_key(reference)].append(reference)
    plans = [i for i in catalog.objects if i.kind == "RTPLAN"]
    sets = [
        _plan_set(catalog, plan, doses.pop((plan.path, ""), []), outgoing)
        for plan in plans
    ]
    without = [_plan_set(catalog, None, some, outgoing) for some in doses.values()]
    return tuple(sets + without)


def _plan_key(reference: Reference) -> tuple[str, str]:
    """What doses of one plan have in common, also where it is not here."""
    if isinstance(reference.target, Instance):
        return reference.target.path, ""
    if reference.uids:
        return "", reference.uids[0]
    return "", f"/{reference.source.path}"


def _plan_set(
    catalog: Catalog,
    plan: Instance | None,
    doses: Sequence[Reference],
    outgoing: Mapping[str, Sequence[Reference]],
) -> PlanSet:
    links = [reference for reference in doses if reference.target is not None]
    first = plan or doses[0].source
    sources = [first, *(reference.source for reference in doses)]
    to_structures, structures = _step(sources, "structure set", outgoing)
    links += to_structures
    images: Series | Instance | None = None
    if isinstance(structures, Instance):
        to_images, images = _step([structures], "images", outgoing)
        links += to_images
    chosen = structures if isinstance(structures, Instance) else None
    stack = images if isinstance(images, Series) else None
    objects = tuple(reference.source for reference in doses)
    gaps = _missing(plan, chosen, stack, objects)
    gaps += _other_structures(chosen, doses, outgoing)
    gaps += _other_frames(plan, chosen, stack, objects)
    return PlanSet(
        catalog.patient(first), plan, chosen, stack, objects, tuple(links), tuple(gaps)
    )


def _step(
    sources: Sequence[Instance], role: str, outgoing: Mapping[str, Sequence[Reference]]
) -> tuple[list[Reference], Instance | Series | None]:
    """Follow the references of one role of the first source that has any, by UID first.

    A CT is preferred to other images; where there are several, nothing is chosen.
    """
    for how in ("uid", "frame of reference"):
        for source in sources:
            leading = outgoing.get(source.path, ())
            found = [r for r in leading if r.role == role and r.how == how]
            scans = [r for r in found if r.target is not None and r.target.kind == "CT"]
            chosen = scans or found
            if chosen:
                only = len(chosen) == 1
                return (chosen, chosen[0].target) if only else ([], None)
    return [], None


def _missing(
    plan: Instance | None,
    structures: Instance | None,
    images: Series | None,
    doses: Sequence[Instance],
) -> list[str]:
    gaps = []
    if plan is None:
        gaps.append("The plan is not here.")
    if structures is None:
        gaps.append("The structure set is not here, or it cannot be told which it is.")
    if images is None:
        gaps.append("The images are not here, or it cannot be told which they are.")
    elif images.kind != "CT":
        gaps.append(f"The images are {images.kind}, not CT.")
    if not doses:
        gaps.append("There is no dose.")
    return gaps


def _other_structures(
    structures: Instance | None,
    doses: Sequence[Reference],
    outgoing: Mapping[str, Sequence[Reference]],
) -> list[str]:
    """Doses that were made with another structure set than the plan was."""
    return [
        f"{dose.source.name}: this dose names another structure set than its plan does."
        for dose in doses
        for one in outgoing.get(dose.source.path, ())
        if one.role == "structure set" and one.how == "uid" and one.target != structures
    ]


def _other_frames(
    plan: Instance | None,
    structures: Instance | None,
    images: Series | None,
    doses: Sequence[Instance],
) -> list[str]:
    """What does not lie in the frame of reference of the images."""
    if images is None or not images.frames:
        return []
    objects = [one for one in (plan, structures, *doses) if one is not None]
    return [
        f"{one.name}: this {WORDS[one.kind]} is in another frame of reference than the "
        f"images, so its positions do not fit them."
        for one in objects
        if one.frames and set(one.frames).isdisjoint(images.frames)
    ]
