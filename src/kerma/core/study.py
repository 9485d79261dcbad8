"""Whose object this is, and of which study."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Study"]


@dataclass(frozen=True)
class Study:
    """Patient and study of a DICOM object; empty where the file is silent.

    What identifies a person does not show when a study is printed, so that it cannot
    slip into a log or a message.

    Parameters
    ----------
    patient_name, patient_id
        (0010,0010) and (0010,0020).
    birth_date
        YYYYMMDD, (0010,0030).
    sex
        M, F or O, (0010,0040).
    study_instance_uid, study_id
        (0020,000D) and (0020,0010).
    date, time
        Of the study, as DICOM writes them: YYYYMMDD and HHMMSS, (0008,0020) and
        (0008,0030).
    description
        (0008,1030).
    accession_number, referring_physician
        (0008,0050) and (0008,0090).
    """

    patient_name: str = field(default="", repr=False)
    patient_id: str = field(default="", repr=False)
    birth_date: str = field(default="", repr=False)
    sex: str = field(default="", repr=False)
    study_instance_uid: str = ""
    study_id: str = field(default="", repr=False)
    date: str = field(default="", repr=False)
    time: str = field(default="", repr=False)
    description: str = field(default="", repr=False)
    accession_number: str = field(default="", repr=False)
    referring_physician: str = field(default="", repr=False)
