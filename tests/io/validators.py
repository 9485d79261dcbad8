"""Independent judges of written DICOM objects: dciodvfy, dcmtk, plastimatch."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

__all__ = ["dciodvfy_errors", "dcmdump", "program"]


def program(name: str) -> str:
    """Path of a Debian program; the test is skipped where it is not installed."""
    path = shutil.which(name)
    if path:
        return path
    if os.environ.get("KERMA_REQUIRE_TEST_DATA") == "1":
        pytest.fail(f"{name} is not installed")
    pytest.skip(f"{name} is not installed (Debian: dicom3tools, dcmtk, plastimatch)")


def dciodvfy_errors(file: Path) -> list[str]:
    """What dciodvfy of dicom3tools finds wrong with an object; warnings left out."""
    done = subprocess.run(
        [program("dciodvfy"), "-new", str(file)],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    lines = (done.stdout + done.stderr).splitlines()
    return [line for line in lines if line.startswith("Error")]


def dcmdump(file: Path) -> str:
    """The object as dcmtk prints it; fails where dcmtk cannot read it."""
    done = subprocess.run(
        [program("dcmdump"), "-q", str(file)],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
