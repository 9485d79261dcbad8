from __future__ import annotations

import pytest

from kerma import errors
from kerma.errors import (
    DicomError,
    GeometryError,
    InputError,
    KermaError,
    MissingDependencyError,
    RecognitionError,
    ScopeError,
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError, 3),
        (DicomError, 3),
        (GeometryError, 3),
        (RecognitionError, 3),
        (ScopeError, 3),
        (MissingDependencyError, 4),
    ],
)
def test_every_error_has_its_exit_code(error: type[KermaError], code: int) -> None:
    assert error.exit_code == code
    assert issubclass(error, KermaError)


def test_no_error_has_the_exit_code_of_another_ending() -> None:
    """0 passed, 1 out of tolerance, 2 typed wrongly, 70 a bug."""
    endings = {errors.PASSED, errors.OUT_OF_TOLERANCE, 2, errors.BUG}
    assert endings == {0, 1, 2, 70}
    found = [getattr(errors, name) for name in errors.__all__]
    kinds = [one for one in found if isinstance(one, type)]
    codes = {one.exit_code for one in kinds if issubclass(one, KermaError)}
    assert codes.isdisjoint(endings)


def test_errors_are_still_those_that_python_users_expect() -> None:
    for error in (DicomError, GeometryError, RecognitionError, ScopeError):
        assert issubclass(error, InputError)
        assert issubclass(error, ValueError)
    assert issubclass(MissingDependencyError, ImportError)
