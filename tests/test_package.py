from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

import pytest

import kerma

HEAVY = {
    "SimpleITK",
    "matplotlib",
    "pandas",
    "pydantic",
    "pydicom",
    "scipy",
    "torch",
}


def in_a_fresh_interpreter(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return done.stdout


def shortest(run: Callable[[], object], times: int = 3) -> float:
    """The best of several runs in seconds: the others had to wait for the machine."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        run()
        taken.append(time.perf_counter() - started)
    return min(taken)


def test_importing_the_package_loads_nothing_heavy() -> None:
    loaded = in_a_fresh_interpreter("import sys, kerma; print(*sys.modules)").split()
    assert "kerma" in loaded
    assert HEAVY.isdisjoint(loaded)


def test_importing_the_package_takes_well_under_half_a_second() -> None:
    assert shortest(lambda: in_a_fresh_interpreter("import kerma")) <= 0.4


def test_the_help_of_the_command_line_is_there_at_once() -> None:
    program = (
        "import sys; sys.argv = ['kerma', '--help']\n"
        "from kerma.service.cli import main; main()"
    )
    assert "calibrate" in in_a_fresh_interpreter(program)
    assert shortest(lambda: in_a_fresh_interpreter(program)) <= 0.7


def test_the_help_loads_nothing_heavy() -> None:
    program = (
        "import atexit, sys; sys.argv = ['kerma', 'calibrate', '--help']\n"
        "atexit.register(lambda: print('modules:', *sys.modules))\n"
        "from kerma.service.cli import main; main()"
    )
    loaded = in_a_fresh_interpreter(program).split("modules:")[1].split()
    # Typer itself looks for pydantic, to let it check options.
    assert (HEAVY - {"pydantic"}).isdisjoint(loaded)


@pytest.mark.parametrize("name", kerma.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(kerma, name) is not None
    assert name in dir(kerma)


def test_the_public_names_are_sorted() -> None:
    assert list(kerma.__all__) == sorted(kerma.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'kerma' has no attribute 'calibrat'"):
        _ = kerma.calibrat


def test_importing_the_package_sets_no_handler_and_writes_nothing() -> None:
    program = "import logging, kerma; print(logging.getLogger().handlers)"
    assert in_a_fresh_interpreter(program).strip() == "[]"
