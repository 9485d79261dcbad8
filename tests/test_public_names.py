"""What the packages of methods offer by name, and what that costs."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from types import ModuleType

import pytest

PACKAGES = ["kerma.dosimetry", "kerma.imaging", "kerma.physics"]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_is_there_whatever_was_imported_before(package: str) -> None:
    """A function would be hidden by a module of its name once that is imported."""
    home = import_module(package)
    for name in home.__all__:
        first = getattr(home, name)
        import_module(first.__module__)
        assert getattr(home, name) is first
        assert not isinstance(first, ModuleType)


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_a_package_of_methods_loads_nothing_heavy(package: str) -> None:
    program = f"import sys, {package}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert {"numba", "scipy", "pydicom"}.isdisjoint(done.stdout.split())
