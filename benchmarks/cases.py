"""What is measured: each piece of work, who does it, and what is asked of us."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.inputs import (
    doses_3d,
    doses_plane,
    large_series,
    large_structure_set,
    planned_dose,
    real_catphan,
    simulated_catphan,
    treated_organs,
    two_organs,
    whole_patient,
)
from benchmarks.measure import Program, run_command, run_worker
from benchmarks.peers import run_peer
from kerma import __version__

__all__ = ["BENCHMARKS", "Benchmark", "Target"]

_PYTHON = Path(sys.executable)


@dataclass(frozen=True)
class Target:
    """What is asked of us, at most.

    Parameters
    ----------
    cpu_s
        CPU time of a run, s.
    extra_mb, total_mb
        Peak of the memory above the imports, or of the whole process, MiB.
    """

    cpu_s: float
    extra_mb: float | None = None
    total_mb: float | None = None


@dataclass(frozen=True)
class Benchmark:
    """One piece of work.

    Parameters
    ----------
    title
        What is done, for the reader of the table.
    prepare
        Makes the input in a folder that does not exist yet, and says where it is.
    ours, peers
        From the input to the programs.
    repeats
        How many processes of each.
    target
        What is asked of us, if anything.
    agree_within
        How far the answers may lie apart, in HU, before the comparison is none.
    """

    title: str
    prepare: Callable[[Path], Path]
    ours: Callable[[Path], Program]
    peers: tuple[Callable[[Path], Program], ...] = ()
    repeats: int = 5
    target: Target | None = None
    agree_within: float = 0.0


def _nothing(folder: Path) -> Path:
    return folder


def _here(worker: str) -> Callable[[Path], Program]:
    """A worker in our own environment."""
    return lambda source: partial(run_worker, worker, source, _PYTHON)


def _with_peers(worker: str) -> Callable[[Path], Program]:
    """A worker in the peers' environment."""
    return lambda source: partial(run_peer, worker, source)


def _command(name: str, *command: str, version: str) -> Callable[[Path], Program]:
    """A command that needs no input."""
    return lambda _source: partial(run_command, name, command, version=version)


_EMPTY = _command(
    "empty Python", str(_PYTHON), "-c", "pass", version=sys.version.split()[0]
)

BENCHMARKS = {
    "read-ct": Benchmark(
        title="CT series from disk, 200 x 512 x 512",
        prepare=large_series,
        ours=_here("read_kerma"),
        peers=(_with_peers("read_simpleitk"), _here("read_pydicom")),
        target=Target(cpu_s=0.15, extra_mb=110.0),
    ),
    "dose-on-ct": Benchmark(
        title="dose 79 x 145 x 268 onto a CT grid of 159 x 512 x 512, in memory",
        prepare=planned_dose,
        ours=_here("dose_on_ct_kerma"),
        peers=(_here("dose_on_ct_simpleitk"), _here("dose_on_ct_scipy")),
        target=Target(cpu_s=0.2),
        agree_within=1.0,
    ),
    "gamma-3d": Benchmark(
        title="gamma 3 %/3 mm of 79 x 145 x 268 voxels of 2 mm, in memory",
        prepare=doses_3d,
        ours=_here("gamma_kerma"),
        peers=(_with_peers("gamma_pymedphys"),),
        repeats=3,
        agree_within=0.02,
    ),
    "gamma-2d-256": Benchmark(
        title="gamma 3 %/3 mm of 256 x 256 pixels of 1 mm, in memory",
        prepare=partial(doses_plane, pixels=256, pixel_mm=1.0),
        ours=_here("gamma_kerma"),
        peers=(_with_peers("gamma_pymedphys"),),
        repeats=3,
        agree_within=0.02,
    ),
    "gamma-2d-1024": Benchmark(
        title="gamma 3 %/3 mm of 1024 x 1024 pixels of 0.4 mm, in memory",
        prepare=partial(doses_plane, pixels=1024, pixel_mm=0.4),
        ours=_here("gamma_kerma"),
        peers=(_with_peers("gamma_pymedphys"),),
        repeats=3,
        agree_within=0.02,
    ),
    "index": Benchmark(
        title="what is in a folder: 200 CT images, 20 structures, dose; 124 MB",
        prepare=whole_patient,
        ours=_here("index_kerma"),
        peers=(_here("index_pydicom"), _here("index_pydicom_facts")),
    ),
    "ct-calibration": Benchmark(
        title="simulated Catphan 504, disk to result, 100 x 512 x 512",
        prepare=simulated_catphan,
        ours=_here("calibrate_kerma"),
        peers=(_with_peers("calibrate_pylinac"),),
        target=Target(cpu_s=2.0, total_mb=400.0),
        agree_within=15.0,
    ),
    "ct-calibration-real": Benchmark(
        title="real Catphan 504, disk to result, 70 x 512 x 512",
        prepare=real_catphan,
        ours=_here("calibrate_kerma"),
        peers=(_with_peers("calibrate_pylinac"),),
        agree_within=15.0,
    ),
    "ct-calibration-report": Benchmark(
        title="the simulated Catphan 504 with every file of the report",
        prepare=simulated_catphan,
        ours=_here("report_kerma"),
    ),
    "read-rtstruct": Benchmark(
        title="structure set from disk, 20 structures, 253,260 points",
        prepare=large_structure_set,
        ours=_here("read_structures_kerma"),
        peers=(_here("read_structures_pydicom"),),
        target=Target(cpu_s=0.3),
    ),
    "dvh": Benchmark(
        title="20 dose-volume histograms of 40 L at 1 mm, in memory",
        prepare=treated_organs,
        ours=_here("dvh_kerma"),
        target=Target(cpu_s=0.6),
    ),
    "masks": Benchmark(
        title="masks of 20 structures of 72 L on 200 x 512 x 512, in memory",
        prepare=large_structure_set,
        ours=_here("masks_kerma"),
        target=Target(cpu_s=0.3),
    ),
    "surface": Benchmark(
        title="two organs of 2 liters compared, 200 x 512 x 512, in memory",
        prepare=two_organs,
        ours=_here("surface_kerma"),
        peers=(_here("surface_simpleitk"),),
        repeats=3,
        target=Target(cpu_s=0.3),
        agree_within=2.5,
    ),
    "import": Benchmark(
        title="import kerma",
        prepare=_nothing,
        ours=_command("kerma", str(_PYTHON), "-c", "import kerma", version=__version__),
        peers=(_EMPTY,),
        repeats=10,
    ),
    "help": Benchmark(
        title="kerma --help",
        prepare=_nothing,
        ours=_command(
            "kerma", str(_PYTHON.with_name("kerma")), "--help", version=__version__
        ),
        peers=(_EMPTY,),
        repeats=10,
    ),
}
"""Every benchmark by name."""
