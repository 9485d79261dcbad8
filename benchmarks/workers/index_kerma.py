"""What is in a folder, found by Kerma."""

from __future__ import annotations

from benchmarks.workers.meter import measure
from kerma import __version__
from kerma.io import Index, index


def _instances(found: Index) -> float:
    return float(len(found.instances))


if __name__ == "__main__":
    measure(index, _instances, name="kerma", version=__version__)
