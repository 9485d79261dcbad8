"""Breasts to try a procedure on, by name."""

from __future__ import annotations

from kerma.simulation.breast.design import BreastDesign, Fold, Implant, Muscle

__all__ = ["PRESETS"]

_THIN = Muscle("layer", 8.0)

PRESETS: dict[str, BreastDesign] = {
    "dense": BreastDesign(
        gland_fraction=0.65, subcutaneous_mm=2.5, retromammary_mm=1.5, grain_mm=3.5
    ),
    "heterogeneous": BreastDesign(),
    "scattered": BreastDesign(gland_fraction=0.17, diameter_mm=110.0, length_mm=60.0),
    "fatty": BreastDesign(
        gland_fraction=0.04, ligament_fraction=0.008, diameter_mm=115.0, length_mm=65.0
    ),
    "layer-muscle": BreastDesign(muscle=_THIN),
    "u-muscle": BreastDesign(muscle=Muscle("U", 14.0)),
    "no-muscle": BreastDesign(muscle=None, retromammary_mm=6.0),
    "gland-on-muscle": BreastDesign(subcutaneous_mm=0.5, retromammary_mm=0.0),
    "fold": BreastDesign(fold=Fold()),
    "fold-touching": BreastDesign(fold=Fold(gap_mm=-1.0)),
    "rib": BreastDesign(muscle=Muscle("layer", 10.0), rib=True),
    "silicone-40": BreastDesign(
        gland_fraction=0.25, length_mm=60.0, muscle=_THIN,
        implant=Implant(40.0, back_mm=10.0),
    ),
    "silicone-90": BreastDesign(
        gland_fraction=0.25, diameter_mm=110.0, length_mm=66.0, muscle=_THIN,
        implant=Implant(90.0, place="submuscular", back_mm=2.0),
    ),
    "silicone-300": BreastDesign(
        gland_fraction=0.25, diameter_mm=140.0, length_mm=95.0, slab_mm=30.0,
        muscle=Muscle("layer", 6.0), implant=Implant(300.0, back_mm=-4.0),
    ),
    "saline": BreastDesign(
        gland_fraction=0.25, diameter_mm=120.0, length_mm=75.0, muscle=_THIN,
        implant=Implant(150.0, filling="saline", back_mm=9.0),
    ),
    "clip": BreastDesign(clips=3, calcifications=5),
    "calcifications": BreastDesign(calcifications=30),
    "field-cut": BreastDesign(off_center_mm=(0.0, 22.0)),
    "thick-skin": BreastDesign(skin_mm=2.3, skin_rise=0.25, areola_mm=3.0),
}  # fmt: skip
"""Designs by name. Noise, blur, HU scale, cupping and field are the scanner's."""
