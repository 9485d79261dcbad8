from __future__ import annotations

from pathlib import Path

import pytest

from kerma.errors import InputError
from kerma.io.deidentify import DeidentificationReport
from kerma.service.deidentification import deidentify_files
from tests.io.deidentify.patient_files import SECRETS, write_patient


def test_the_report_is_written_and_names_nobody(tmp_path: Path) -> None:
    write_patient(tmp_path / "Zaphodius")
    report = tmp_path / "report.json"
    result = deidentify_files(
        tmp_path / "Zaphodius",
        tmp_path / "out",
        tmp_path / "site.key",
        options=["device"],
        report=report,
    )
    assert DeidentificationReport.from_json(report.read_text()) == result
    assert result.provenance is not None
    assert dict(result.provenance.parameters)["options"] == "113100 113109"
    content = report.read_bytes().lower()
    assert not [secret for secret in SECRETS if secret in content]
    with pytest.raises(InputError, match="is there already"):
        deidentify_files(
            tmp_path / "Zaphodius",
            tmp_path / "more",
            tmp_path / "site.key",
            report=report,
        )
    assert not (tmp_path / "more").exists()
