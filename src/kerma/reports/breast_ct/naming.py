"""What exported files are called, and the UIDs and dates in them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime

from kerma.core.study import Study
from kerma.core.uids import uid_from
from kerma.core.volume import CT
from kerma.errors import InputError
from kerma.workflows.breast_ct.segmented import SegmentedBreast

__all__ = ["content_uid", "date_of", "stem_of", "study_of"]

_LONGEST_NAME = 100
_NO_DATE = datetime(1900, 1, 1)  # noqa: DTZ001  (DICOM has local time)


def stem_of(scan: str) -> str:
    """The name of a scan, fit for names of files.

    Raises
    ------
    InputError
        It is empty, longer than 100 characters, begins with a dot, or has a character
        that a file name cannot have everywhere.
    """
    good = 0 < len(scan) <= _LONGEST_NAME and scan.isprintable() and scan[0] != "."
    if not good or re.search(r'[/\\:*?"<>|]', scan):
        raise InputError(
            "The name of the scan is part of the names of files: 1 to 100 printable "
            'characters, none of / \\ : * ? " < > | and no dot in front. Choose '
            "another name."
        )
    return scan


def content_uid(segmented: SegmentedBreast, *words: str) -> str:
    """A UID for an object made of a segmented breast; the same breast gives the same.

    Parameters
    ----------
    segmented
        The breast: its scan, whose it is, its tissues, its numbers and our version
        count.
    words
        What kind of object it is.
    """
    from kerma import __version__

    ct = segmented.ct
    numbers = replace(segmented.result, provenance=None).to_dict()
    return uid_from(
        __version__,
        ct.study.study_instance_uid,
        ct.series_instance_uid,
        ct.sha256,
        segmented.label_map().sha256,
        json.dumps(numbers, sort_keys=True),
        *words,
    )


def study_of(ct: CT) -> Study:
    """Patient and study of a scan; one study for all objects where it names none."""
    uid = ct.study.study_instance_uid or uid_from("study", ct.series_instance_uid)
    return replace(ct.study, study_instance_uid=uid)


def date_of(ct: CT) -> datetime:
    """Date and time of the study of a scan; 1 January 1900 where none is stated.

    What is exported twice shall have the same bytes, so the clock is not asked.
    """
    stated = [
        (ct.acquisition.study_date, ct.acquisition.study_time),
        (ct.study.date, ct.study.time),
    ]
    for date, time in stated:
        digits = re.sub(r"\D", "", (time or "").partition(".")[0]).ljust(6, "0")[:6]
        try:
            return datetime.strptime(f"{date}{digits}", "%Y%m%d%H%M%S")  # noqa: DTZ007  (DICOM has local time)
        except ValueError:
            continue
    return _NO_DATE
