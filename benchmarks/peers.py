"""The environment of the peers that cannot live in ours."""

from __future__ import annotations

import subprocess
import sys
import venv
from functools import cache
from pathlib import Path

from benchmarks.measure import Sample, WorkerError, run_worker

__all__ = ["run_peer"]

_PINS = Path(__file__).with_name("peers.txt")
_FOLDER = Path(__file__).resolve().parent.parent / ".venv-peers"


def run_peer(worker: str, source: Path) -> Sample:
    """Run a worker in the peers' environment, made or renewed where it is needed.

    Raises
    ------
    WorkerError
        It failed, or the environment cannot be made, as without a network.
    """
    python = _peers_python()
    if isinstance(python, WorkerError):
        raise python
    return run_worker(worker, source, python)


@cache
def _peers_python() -> Path | WorkerError:
    """Python of the peers' environment; tried once, so that a failure costs once."""
    python, installed = _FOLDER / "bin" / "python", _FOLDER / _PINS.name
    pins = _PINS.read_text(encoding="utf-8")
    if installed.exists() and installed.read_text(encoding="utf-8") == pins:
        return python
    print(f"Making {_FOLDER.name} for the peers ...", file=sys.stderr)
    try:
        venv.create(_FOLDER, clear=True, with_pip=True)
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--requirement", _PINS],
            check=True,
            capture_output=True,
            text=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        return WorkerError(f"{_FOLDER.name} cannot be made: {_reason(error)}")
    installed.write_text(pins, encoding="utf-8")
    return python


def _reason(error: OSError | subprocess.CalledProcessError) -> str:
    if isinstance(error, OSError):
        return str(error)
    lines = str(error.stderr or error).strip().splitlines()
    return next((line for line in lines if line.startswith("ERROR")), lines[-1])
