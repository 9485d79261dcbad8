"""Traps in the files themselves: their coding, damage and nonsense."""

from __future__ import annotations

from kerma.core.edit import Action, Edit
from kerma.simulation.trap import Trap

__all__ = ["FILE_TRAPS"]

_EVERYTHING = "**/*.dcm"
_SLICE = "ct/ct_0010.dcm"
_DOSE = "rtdose.dcm"

_IMPLICIT = "1.2.840.10008.1.2"
_EXPLICIT = "1.2.840.10008.1.2.1"
_DEFLATED = "1.2.840.10008.1.2.1.99"
_BIG_ENDIAN = "1.2.840.10008.1.2.2"

FILE_TRAPS = (
    *(
        Trap(
            f"{name}-files",
            f"Everything is coded as {words}.",
            (Edit(_EVERYTHING, Action.ENCODE, value=syntax),),
        )
        for name, words, syntax in (
            ("implicit", "implicit VR", _IMPLICIT),
            ("explicit", "explicit VR", _EXPLICIT),
            ("deflated", "deflated explicit VR", _DEFLATED),
            ("big-endian", "big endian, which is retired but alive", _BIG_ENDIAN),
        )
    ),
    *(
        Trap(
            f"cut-{kind}",
            "A file was cut off on the way, so that a part of its data is missing.",
            (Edit(file, Action.CUT, value=0.6),),
            refused={kind if kind != "slice" else "CT": file.rpartition("/")[2]},
            findings=("cannot be read",),
        )
        for kind, file in (
            ("slice", _SLICE),
            ("dose", _DOSE),
            ("structures", "rtstruct.dcm"),
            ("plan", "rtplan.dcm"),
        )
    ),
    Trap(
        "wrong-vr",
        "A number is declared as text of another kind.",
        (Edit(_DOSE, Action.SET, "DoseGridScaling", "much", vr="LO"),),
        refused={"dose": "(3004,000E)"},
        findings=("cannot be read",),
    ),
    Trap(
        "huge-matrix",
        "The header claims 65535 rows; who believes it runs out of memory.",
        (Edit(_SLICE, Action.SET, "Rows", 65535),),
        refused={"CT": "65535"},
        findings=("cannot be read", "no stack"),
    ),
    Trap(
        "huge-dose",
        "The header claims a milliard frames.",
        (Edit(_DOSE, Action.SET, "NumberOfFrames", 1000000000),),
        refused={"dose": "(0028,0008)"},
        findings=("cannot be read",),
    ),
)
"""Each reads as what is known to happen."""
