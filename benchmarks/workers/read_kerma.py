"""A CT series read by Kerma."""

from __future__ import annotations

from benchmarks.workers.meter import measure
from kerma import __version__
from kerma.core.volume import CT
from kerma.io import read_ct


def _first_slice(ct: CT) -> float:
    return float(ct.hu[0].mean())


if __name__ == "__main__":
    measure(read_ct, _first_slice, name="kerma", version=__version__)
