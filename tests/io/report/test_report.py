"""Structured reports, read and written."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from kerma.core.code import Code
from kerma.core.grid import Grid
from kerma.core.image_reference import ImageReference
from kerma.core.report import Finding, Measurement
from kerma.core.segmentation import Segment, Segmentation
from kerma.core.study import Study
from kerma.core.volume import CT
from kerma.errors import DicomError, InputError
from kerma.io.report.reader import read_report
from kerma.io.report.writer import write_measurements
from kerma.io.segmentation.reader import read_segmentation
from kerma.io.segmentation.writer import write_segmentation
from tests.io.validators import dciodvfy_errors, program

AXIAL = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
VOLUME = Code("118565006", "SCT", "Volume")
MM3 = Code("mm3", "UCUM", "cubic millimeter")
NEOPLASM = Code("108369006", "SCT", "Neoplasm")
CREATED = datetime(2024, 5, 6, 7, 8, 9)  # noqa: DTZ001  (DICOM has local time)

CT_DOSE, TOTAL_DLP = Code("113811", "DCM"), Code("113813", "DCM")
ACQUISITION = Code("113819", "DCM")
MEAN_CTDI_VOL, DLP = Code("113830", "DCM"), Code("113838", "DCM")
MGY_CM = ("mGy.cm", "mGycm")


@pytest.fixture
def ct() -> CT:
    grid = Grid((2, 3, 4), (0.0, 0.0, 0.0), (5.0, 4.0, 3.0), AXIAL, "1.2.5")
    study = Study(patient_name="Doe^J", patient_id="7", study_instance_uid="1.2.8")
    return CT(
        np.zeros(grid.shape, np.int16),
        grid,
        series_instance_uid="1.2.7",
        sop_instance_uids=("1.2.7.1", "1.2.7.2"),
        study=replace(study, study_id="1", date="20240101", time="10"),
    )


@pytest.fixture
def segmentation(ct: CT, tmp_path: Path) -> Segmentation:
    whole = np.ones(ct.grid.shape, np.bool_)
    seg = Segmentation(ct.grid, (Segment(1, "Tumor", whole),))
    return read_segmentation(write_segmentation(seg, tmp_path / "seg.dcm", ct=ct))


def finding(value: float = 1440.5, segment: int | None = None) -> Finding:
    return Finding("Tumor 1", (Measurement(VOLUME, value, MM3),), NEOPLASM, segment)


@pytest.mark.parametrize(
    ("name", "total", "events"),
    [
        ("ESR-GE_Optima", 415.82, [(3.23, 155.97), (5.3, 259.85)]),
        ("RDSR-GEPixelMed", 586.34, [(60.41, 475.04), (222.59, 111.3)]),
        ("RDSR-Siemens-Continued-1", 60.17, [(0.14, 5.05), (2.03, 55.12)]),
        ("RDSR-Siemens-Continued-2", 56.44, [(0.14, 4.62), (2.22, 51.82)]),
        ("RDSR-Siemens-Multi-1", 7.46, [(0.15, 7.46)]),
        ("RDSR-Siemens-Multi-2", 77.27, [(0.15, 7.46), (8.13, 69.81)]),
        ("RDSR-Siemens_Flash-QA-DS", 1590.0, None),
        ("RDSR-SpectrumDynamics", 187.339, None),
        ("RDSR-ToshibaPixelMed", 349.7, [(25.4, 208.5), (24.7, 141.2)]),
        ("RDSR-Toshiba_DoseCheck", 502.4, [(5.3, 251.2), (5.3, 251.2)]),
    ],
)
def test_the_dose_of_each_irradiation_is_found_and_adds_up(
    name: str, total: float, events: list[tuple[float, float]] | None, real_data: Path
) -> None:
    """The dose length products of the events sum to the total the scanner states."""
    file = real_data / "organ_dose" / "ct_rdsr" / f"CT-{name}.dcm"
    root = read_report(file).root
    accumulated = root.first(CT_DOSE)
    assert accumulated is not None
    assert accumulated.number(TOTAL_DLP, *MGY_CM) == total
    doses = [
        (event.number(MEAN_CTDI_VOL, "mGy"), event.number(DLP, *MGY_CM))
        for event in root.find(ACQUISITION)
    ]
    stated = [(c, d) for c, d in doses if c is not None and d is not None]
    assert sum(d for _, d in stated) == pytest.approx(total, abs=0.011)  # 2 decimals
    if events is not None:
        assert stated == events


def test_a_picture_of_a_dose_page_is_no_report(real_data: Path) -> None:
    file = real_data / "organ_dose" / "ct_rdsr" / "CT-SC-Philips_Brilliance16P.dcm"
    with pytest.raises(InputError, match="holds no structured report"):
        read_report(file)


def test_measurements_come_back_as_they_were(
    ct: CT, segmentation: Segmentation, tmp_path: Path
) -> None:
    file = write_measurements(
        [finding(segment=1), finding(2.5)],
        tmp_path / "sr.dcm",
        ct=ct,
        segmentation=segmentation,
        created=CREATED,
    )
    report = read_report(file)
    assert report.root.name == Code("126000", "DCM", "Imaging Measurement Report")
    volumes = report.root.find(VOLUME)
    assert [(v.value, v.unit) for v in volumes] == [(1440.5, MM3), (2.5, MM3)]
    assert report.root.find(Code("121071", "DCM"))[0].value == NEOPLASM
    referred = report.root.first(Code("121191", "DCM"))
    assert referred is not None
    assert isinstance(referred.value, ImageReference)
    assert referred.value.sop_instance_uids == (segmentation.sop_instance_uid,)
    assert (report.date, report.time) == ("20240506", "070809")
    assert report.is_complete
    assert not report.is_verified
    assert report.study.patient_name == "Doe^J"


def test_measurements_pass_the_judges(
    ct: CT, segmentation: Segmentation, tmp_path: Path
) -> None:
    file = write_measurements(
        [finding(segment=1), finding(2.5)],
        tmp_path / "sr.dcm",
        ct=ct,
        segmentation=segmentation,
    )
    assert dciodvfy_errors(file) == []
    done = subprocess.run(
        [program("dsrdump"), "-Ec", "+Pc", str(file)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert 'NUM:(118565006,SCT,"Volume")="1440.5" (mm3,UCUM,' in done.stdout
    assert not [line for line in done.stderr.splitlines() if line.startswith("E")]


def test_the_same_seed_writes_the_same_file(ct: CT, tmp_path: Path) -> None:
    written = [
        write_measurements(
            [finding()], tmp_path / f"{n}.dcm", ct=ct, uid_seed="a", created=CREATED
        ).read_bytes()
        for n in range(2)
    ]
    assert written[0] == written[1]


def test_what_cannot_be_referred_to_is_not_reported(
    ct: CT, segmentation: Segmentation, tmp_path: Path
) -> None:
    file = tmp_path / "sr.dcm"
    with pytest.raises(InputError, match="no finding to report"):
        write_measurements([], file, ct=ct)
    with pytest.raises(InputError, match="but no segmentation is given"):
        write_measurements([finding(segment=1)], file, ct=ct)
    with pytest.raises(InputError, match="No segment 2; there are: 1 'Tumor'"):
        write_measurements([finding(segment=2)], file, ct=ct, segmentation=segmentation)
    unwritten = replace(segmentation, sop_instance_uid="")
    with pytest.raises(InputError, match="has no UIDs to refer to"):
        write_measurements([finding(segment=1)], file, ct=ct, segmentation=unwritten)
    assert not file.exists()


def test_a_report_that_is_nested_without_end_is_refused(ct: CT, tmp_path: Path) -> None:
    file = write_measurements([finding()], tmp_path / "sr.dcm", ct=ct)
    data = dcmread(file)
    node: Dataset = data
    for _ in range(70):
        child = Dataset()
        child.ValueType = "CONTAINER"
        node.ContentSequence = [child]
        node = child
    data.save_as(file)
    with pytest.raises(DicomError, match="nested over 60 deep"):
        read_report(file)


def test_a_wrong_number_is_refused_and_a_nameless_item_noted(
    ct: CT, tmp_path: Path
) -> None:
    file = write_measurements([finding()], tmp_path / "sr.dcm", ct=ct)
    data = dcmread(file)
    measured = next(i for i in data.iterall() if i.keyword == "MeasuredValueSequence")
    del data.ContentSequence[0].ConceptNameCodeSequence
    data.save_as(file)
    assert read_report(file).notes == (
        "1 item(s) of the report do not say what they are about.",
    )
    measured.value[0].NumericValue = "1441"  # 1440.5, rounded
    data.save_as(file)
    assert read_report(file).root.number(VOLUME, "mm3") == 1440.5
    measured.value[0].NumericValue = "1540.5"
    data.save_as(file)
    with pytest.raises(DicomError, match=r"is 1540\.5, but its binary value is 1440"):
        read_report(file)
    del measured.value[0].FloatingPointValue
    measured.value[0]["NumericValue"].VR = "LO"
    measured.value[0]["NumericValue"].value = "1,5"
    data.save_as(file)
    with pytest.raises(DicomError, match=r"Numeric Value \(0040,A30A\) is '1,5'"):
        read_report(file)
