"""Write measurements as a structured report (PS3.16, TID 1500)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerma.core.code import Code
from kerma.core.report import Finding
from kerma.core.segmentation import Segmentation
from kerma.core.study import Study
from kerma.core.uids import is_uid, uid_from
from kerma.core.volume import CT
from kerma.errors import InputError
from kerma.io.dicom.code import coded_concept
from kerma.io.dicom.writer import Identity, file_bytes, identify
from kerma.io.files import write_file
from kerma.io.segmentation.source_images import source_images

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["write_measurements"]

_CT_OF_ANYTHING = Code("25045-6", "LN", "CT Unspecified Body Region")


def write_measurements(
    findings: Sequence[Finding],
    file: Path,
    *,
    ct: CT,
    segmentation: Segmentation | None = None,
    study: Study | None = None,
    uid_seed: str | None = None,
    created: datetime | None = None,
) -> Path:
    """Write measurements on a CT as DICOM SR, an imaging measurement report.

    Parameters
    ----------
    findings
        What was measured. One with a segment number refers to that segment.
    file
        Where to.
    ct
        The CT on which it was measured; it has to name its images.
    segmentation
        As it was read from its DICOM file, where a finding has a segment number.
    study
        Patient and study to write; by default those of the CT.
    uid_seed
        Makes new UIDs, the same ones from the same seed.
    created
        Date and time of the report; by default the present.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        There is no finding, a segment is not in the segmentation, or the CT or the
        segmentation has no UIDs to refer to.
    """
    if not findings:
        raise InputError("There is no finding to report.")
    identity = identify(study or ct.study, uid_seed=uid_seed)
    images = source_images(ct, study)
    evidence = [*images]
    if segmentation is not None:
        evidence.append(_evidence(segmentation, ct))
    groups = [
        _group(finding, n, identity, ct, segmentation)
        for n, finding in enumerate(findings)
    ]
    data = _report(groups, evidence, identity)
    when = created or datetime.now()  # noqa: DTZ005  (DICOM has local time)
    _set_time(data, when)
    return write_file(file, file_bytes(data))


def _evidence(segmentation: Segmentation, ct: CT) -> Dataset:
    """As much of the segmentation as a reference to it needs."""
    from pydicom import Dataset

    uids = segmentation.sop_instance_uid, segmentation.series_instance_uid
    if not all(map(is_uid, (*uids, segmentation.sop_class_uid))):
        raise InputError(
            "This segmentation has no UIDs to refer to. Write it with "
            "write_segmentation and read it again, then it has."
        )
    data = Dataset()
    study = segmentation.study.study_instance_uid or ct.study.study_instance_uid
    data.StudyInstanceUID = study
    data.SeriesInstanceUID = segmentation.series_instance_uid
    data.SOPInstanceUID = segmentation.sop_instance_uid
    data.SOPClassUID = segmentation.sop_class_uid
    return data


def _group(
    finding: Finding,
    n: int,
    identity: Identity,
    ct: CT,
    segmentation: Segmentation | None,
) -> Any:
    from highdicom import sr

    what: dict[str, Any] = {
        "tracking_identifier": sr.TrackingIdentifier(
            uid=uid_from("finding", identity.series, str(n)), identifier=finding.label
        ),
        "finding_type": None if finding.kind is None else coded_concept(finding.kind),
        "measurements": [
            sr.Measurement(coded_concept(m.name), m.value, coded_concept(m.unit))
            for m in finding.measurements
        ],
    }
    if finding.segment_number is None:
        return sr.MeasurementsAndQualitativeEvaluations(**what)
    if segmentation is None:
        raise InputError(
            f"{finding.label!r} refers to segment {finding.segment_number}, but no "
            f"segmentation is given."
        )
    segment = sr.ReferencedSegment(
        segmentation.sop_class_uid,
        segmentation.sop_instance_uid,
        segmentation[finding.segment_number].number,
        source_series=sr.SourceSeriesForSegmentation(ct.series_instance_uid),
    )
    return sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
        referenced_segment=segment, **what
    )


def _report(
    groups: Sequence[Any], evidence: Sequence[Dataset], identity: Identity
) -> Dataset:
    from highdicom import sr

    from kerma import __version__

    device = sr.ObserverContext(
        observer_type=coded_concept(Code("121007", "DCM", "Device")),
        observer_identifying_attributes=sr.DeviceObserverIdentifyingAttributes(
            uid=uid_from("program", __version__),
            name="Kerma",
            manufacturer_name="Kerma",
            model_name="Kerma",
        ),
    )
    content = sr.MeasurementReport(
        observation_context=sr.ObservationContext(observer_device_context=device),
        procedure_reported=coded_concept(_CT_OF_ANYTHING),
        imaging_measurements=groups,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # advice on texts and names; nothing is wrong
        data: Dataset = sr.Comprehensive3DSR(
            evidence=evidence,
            content=content[0],
            series_instance_uid=identity.series,
            series_number=1,
            sop_instance_uid=identity.instance,
            instance_number=1,
            manufacturer="Kerma",
            is_complete=True,
        )
    return data


def _set_time(data: Dataset, when: datetime) -> None:
    for place in ("Content", "Series", "InstanceCreation"):
        setattr(data, f"{place}Date", when.strftime("%Y%m%d"))
        setattr(data, f"{place}Time", when.strftime("%H%M%S"))
    for tool in data.get("ContributingEquipmentSequence") or []:
        tool.ContributionDateTime = when.strftime("%Y%m%d%H%M%S")
    for item in data.iterall():
        if item.keyword == "ObservationDateTime":
            item.value = when.strftime("%Y%m%d%H%M%S")
