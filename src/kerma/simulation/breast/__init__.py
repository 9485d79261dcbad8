"""Simulated breast CTs, whose right answer is known."""

from kerma.simulation.breast.design import BreastDesign, Fold, Implant, Muscle
from kerma.simulation.breast.materials import BreastHU, Material
from kerma.simulation.breast.presets import PRESETS
from kerma.simulation.breast.scanner import VirtualBreastCT
from kerma.simulation.breast.simulate import scan_materials, simulate_breast
from kerma.simulation.breast.truth import BreastTruth, SimulatedBreast

__all__ = [
    "PRESETS",
    "BreastDesign",
    "BreastHU",
    "BreastTruth",
    "Fold",
    "Implant",
    "Material",
    "Muscle",
    "SimulatedBreast",
    "VirtualBreastCT",
    "scan_materials",
    "simulate_breast",
]
