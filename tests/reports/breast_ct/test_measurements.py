"""What was measured, as a structured report."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import dcmread

from kerma.core.code import Code
from kerma.io import read_report
from kerma.reports.breast_ct.exports import export
from kerma.reports.breast_ct.measurements import findings_of
from kerma.reports.breast_ct.segments import tissue_segments
from kerma.workflows.breast_ct.result import SkinSummary
from tests.io.validators import program
from tests.reports.breast_ct.small_breasts import small_breast


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sr")
    export(small_breast(), out, ["sr"])
    return out


def test_a_report_holds_the_numbers_of_the_result(folder: Path) -> None:
    root = read_report(folder / "B 1_sr.dcm").root
    result = small_breast().result

    glandularity = root.number(Code("111046", "DCM"), "%")
    assert glandularity == pytest.approx(100 * result.glandularity.vgf.value)
    for code, value, unit in (
        ("G_VOLUME_LOW", 100 * result.glandularity.vgf.low, "%"),
        ("G_VOLUME_HIGH", 100 * result.glandularity.vgf.high, "%"),
        ("G_MASS", 100 * result.glandularity.mass.value, "%"),
        ("G_HU", 100 * result.glandularity.hu_g.value, "%"),
        ("G_SEG", 100 * result.glandularity.seg_g.value, "%"),
        ("G_PARTIAL_HIGH", 100 * result.glandularity.partial.high, "%"),
        ("CHEST_DIAMETER", result.breast.chest_wall_diameter_mm, "mm"),
        ("SKIN_MEAN", result.skin.mean_mm, "mm"),
        ("FAT_HU", result.scale.fat_hu, "[hnsf'U]"),
    ):
        assert root.number(Code(code, "99KERMA"), unit) == pytest.approx(value)
    assert root.number(Code("112193", "DCM"), "cm3") == pytest.approx(
        result.breast.volume_ml
    )


def test_a_report_gives_each_tissue_its_volume_and_its_segment(folder: Path) -> None:
    findings = findings_of(small_breast().result, tissue_segments(small_breast()))
    segments = dcmread(folder / "B 1_seg.dcm").SegmentSequence
    volumes = small_breast().result.volumes_ml

    assert findings[0].kind == Code("80248007", "SCT")  # left breast
    assert [one.label for one in findings[1:]] == [s.SegmentLabel for s in segments]
    for finding, segment in zip(findings[1:], segments, strict=True):
        assert finding.segment_number == segment.SegmentNumber
        assert finding.measurements[0].value == volumes[finding.label]


def test_a_report_refers_to_the_segmentation_beside_it(folder: Path) -> None:
    report, seg = (dcmread(folder / f"B 1_{name}.dcm") for name in ("sr", "seg"))
    named = {
        item.value
        for item in report.iterall()
        if item.keyword == "ReferencedSOPInstanceUID"
    }

    assert seg.SOPInstanceUID in named
    assert set(small_breast().ct.sop_instance_uids) & named
    assert report.StudyInstanceUID == seg.StudyInstanceUID


def test_dcmtk_reads_the_report(folder: Path) -> None:
    done = subprocess.run(
        [program("dsrdump"), str(folder / "B 1_sr.dcm")],
        capture_output=True, text=True, errors="replace", check=True,
    )  # fmt: skip
    assert "Percent Fibroglandular Tissue" in done.stdout
    assert "Breast fibroglandular tissue" in done.stdout


def test_what_was_not_measured_is_left_out() -> None:
    breast = small_breast()
    result = replace(breast.result, skin=SkinSummary(None, None, 0.0), laterality=None)

    findings = findings_of(result, tissue_segments(breast))

    names = {m.name.value for one in findings for m in one.measurements}
    assert not names & {"SKIN_MEAN", "SKIN_SD"}
    assert findings[0].kind == Code("76752008", "SCT")


def test_meanings_and_codes_fit_dicom() -> None:
    for finding in findings_of(small_breast().result, tissue_segments(small_breast())):
        for measurement in finding.measurements:
            assert len(measurement.name.meaning) <= 64
            assert len(measurement.name.value) <= 16
