"""A learned phantom as the text of a phantom file, to be completed by its owner."""

from __future__ import annotations

import json
from collections.abc import Sequence

from kerma.core.phantom import Material, Phantom
from kerma.core.phantom_parts import Neighbor
from kerma.workflows.ct_calibration.learning.procedure import (
    LearnedInsert,
    LearnedPhantom,
)
from kerma.workflows.ct_calibration.phantoms import shipped_phantoms

__all__ = ["likely_materials", "template_text"]

_NEAR_HU, _NEAR_PART = 30.0, 0.08  # a material this near may be it
_MOST_LIKELY = 4

_HEAD = """\
# A phantom learned from one scan. Before you use it:
# 1. compare the drawing with the phantom, and the sizes with its sheet;
# 2. name every material, and write its electron density relative to water (red) and
#    its standard uncertainty (red_uncertainty) from the certificate; a material
#    without red stays off the curve;
# 3. once that is done, set geometry_verified = true and remove the caveat.
# Inserts that look like the body about them are not in it: add them by hand.
# The materials named as likely have such a CT number, no more: do not trust them.
"""


def likely_materials(hu: float, kv: float | None) -> tuple[Material, ...]:
    """Shipped materials with about this CT number at a tube voltage, nearest first."""
    near: dict[str, tuple[float, Material]] = {}
    for phantom in shipped_phantoms():
        for material in phantom.materials.values():
            off = abs(material.hu_at(kv) - hu)
            if material.red is None or off > max(_NEAR_HU, _NEAR_PART * abs(hu)):
                continue
            if material.name not in near or off < near[material.name][0]:
                near[material.name] = off, material
    ranked = sorted(near.values(), key=lambda one: one[0])
    return tuple(material for _, material in ranked[:_MOST_LIKELY])


def template_text(learned: LearnedPhantom) -> str:
    """The TOML of a learned phantom; what its owner must add stands in comments."""
    phantom = learned.phantom
    parts = [
        _HEAD + "".join(f"# Note: {note}\n" for note in learned.notes),
        _top(phantom),
        *(_material(one, phantom, learned.kv) for one in learned.inserts),
        *(_insert(one) for one in learned.inserts),
        *(_neighbor(one) for one in phantom.neighbors),
    ]
    return "\n".join(parts)


def _top(phantom: Phantom) -> str:
    outline = phantom.outline
    lines = [
        f"name = {_text(phantom.name)}",
        f"title = {_text(phantom.title)}",
        f"source = {_text(phantom.source)}",
        "geometry_verified = false",
        f"caveat = {_text(phantom.caveat)}",
        f"background_hu = {phantom.background_hu:.1f}",
        f"length_mm = {phantom.length_mm:.1f}",
    ]
    if phantom.module_diameter_mm is not None:
        lines += [
            f"module_diameter_mm = {phantom.module_diameter_mm:.1f}",
            f"housing_hu = {phantom.housing_hu:.1f}",
        ]
    lines += [
        "",
        "[outline]",
        f"shape = {_text(outline.shape)}",
        f"width_mm = {outline.width_mm:.1f}",
        f"height_mm = {outline.height_mm:.1f}",
    ]
    return _block(lines)


def _material(learned: LearnedInsert, phantom: Phantom, kv: float | None) -> str:
    key = learned.insert.material
    material = phantom.materials[key]
    ((voltage, hu),) = material.hu_by_kv.items()
    likely = likely_materials(learned.hu, kv)
    words = "; ".join(f"{one.name} (red {one.red:g})" for one in likely)
    spread = f"standard deviation of a pixel {learned.sd_hu:.1f} HU"
    lines = [
        f"[materials.{key}]",
        f"name = {_text(material.name)}  # name the material",
        f"# red =              likely: {words or 'nothing known has this CT number'}",
        "# red_uncertainty =",
        f"hu_by_kv = {{ {voltage} = {hu:.1f} }}  # {spread}",
        f"source = {_text(material.source)}",
    ]
    return _block(lines)


def _insert(learned: LearnedInsert) -> str:
    insert = learned.insert
    lines = [
        "[[inserts]]",
        f"name = {_text(insert.name)}",
        f"material = {_text(insert.material)}",
        f"radius_mm = {insert.radius_mm:.2f}",
        f"angle_deg = {insert.angle_deg:.2f}",
        f"diameter_mm = {insert.diameter_mm:.1f}",
        f"slack_mm = {insert.slack_mm:.1f}",
    ]
    return _block(lines)


def _neighbor(neighbor: Neighbor) -> str:
    lines = [
        "[[neighbors]]",
        f"name = {_text(neighbor.name)}",
        f"from_mm = {neighbor.from_mm:.1f}",
        f"to_mm = {neighbor.to_mm:.1f}",
        f"hu = {neighbor.hu:.1f}",
    ]
    return _block(lines)


def _block(lines: Sequence[str]) -> str:
    return "\n".join(lines) + "\n"


def _text(value: str) -> str:
    """A string as TOML writes it, which is as JSON does."""
    return json.dumps(value, ensure_ascii=False)
