"""What an index holds: patients, studies, series, instances, and what ties them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

from kerma.io.dicom.source import base_name

__all__ = [
    "How",
    "Instance",
    "Mention",
    "Patient",
    "PlanSet",
    "Plane",
    "Problem",
    "Reference",
    "Series",
    "Severity",
    "Stack",
    "Study",
]

How: TypeAlias = Literal["uid", "frame of reference", "several", "not here"]
Severity: TypeAlias = Literal["error", "warning", "note"]


class Plane(NamedTuple):
    """Where the pixels of a slice lie.

    Parameters
    ----------
    rows, columns
        Of the matrix.
    pixel_spacing_mm
        Between rows, between columns; empty where the file is silent.
    position_mm
        Center of the first pixel, (x, y, z); empty where the file is silent.
    orientation
        Direction of a row, then of a column; empty where the file is silent.
    """

    rows: int
    columns: int
    pixel_spacing_mm: tuple[float, ...] = ()
    position_mm: tuple[float, ...] = ()
    orientation: tuple[float, ...] = ()


class Mention(NamedTuple):
    """What a file says it belongs to, before anyone looked for it.

    Parameters
    ----------
    role
        "plan", "structure set", "dose", "treatment record" or "images".
    uids
        SOP Instance UIDs.
    series
        Series Instance UIDs, of images.
    beams
        Numbers of the beams of a plan, where only some are meant.
    """

    role: str
    uids: tuple[str, ...] = ()
    series: tuple[str, ...] = ()
    beams: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Instance:
    """One DICOM file.

    What identifies a person does not show when it is printed.

    Parameters
    ----------
    path
        From the folder, with slashes; in an archive the name inside it.
    kind
        "CT", "MR", "PT", "RTSTRUCT", "RTPLAN", "RTDOSE", "RTIMAGE", "RTRECORD",
        "REG", "SEG", "SC", "SR"; another modality where the class is none of these;
        "other".
    sop_class_uid, sop_instance_uid, series_instance_uid, study_instance_uid
        Empty where the file has none.
    patient_id
        (0010,0020).
    name_digest
        Of the patient's name, to see whether two are the same; empty where there is
        none.
    label
        Series description, or the label of a plan, structure set or RT image.
    frames
        Frames of reference it speaks of; its own comes first.
    plane
        Of a slice of a CT, MR or PT.
    count
        How many frames, structures or beams there are.
    beams
        Numbers of the beams of a plan.
    dose_summation
        Of a dose: PLAN, BEAM, and so on (3004,000A).
    is_localizer
        Whether it is a scout view.
    mentions
        What it says it belongs to.
    digest
        Of everything before the pixel data.
    size
        Of the file, bytes.
    """

    path: str = field(repr=False)
    kind: str
    sop_class_uid: str = ""
    sop_instance_uid: str = ""
    series_instance_uid: str = ""
    study_instance_uid: str = ""
    patient_id: str = field(default="", repr=False)
    name_digest: str = field(default="", repr=False)
    label: str = field(default="", repr=False)
    frames: tuple[str, ...] = ()
    plane: Plane | None = None
    count: int = 0
    beams: tuple[int, ...] = ()
    dose_summation: str = ""
    is_localizer: bool = False
    mentions: tuple[Mention, ...] = field(default=(), repr=False)
    digest: str = field(default="", repr=False)
    size: int = 0

    @property
    def name(self) -> str:
        """Base name of the file, as it may stand in a message."""
        return base_name(self.path)

    @property
    def frame_of_reference(self) -> str:
        """Its own frame of reference; empty where it names none."""
        return self.frames[0] if self.frames else ""


@dataclass(frozen=True)
class Stack:
    """How the slices of a series lie, as far as the headers tell.

    Parameters
    ----------
    slices
        How many there are, scout views left out.
    rows, columns
        Of the matrix.
    pixel_spacing_mm
        Between rows, between columns; empty where the files are silent.
    first_mm, last_mm
        Where the first and the last lie along the normal of the slices; for an axial
        scan this is z.
    spacing_mm
        The usual distance between neighbors; zero for one slice.
    missing
        How many slices seem to be missing between the first and the last.
    doubled
        How many lie where another one lies.
    """

    slices: int
    rows: int
    columns: int
    pixel_spacing_mm: tuple[float, ...]
    first_mm: float
    last_mm: float
    spacing_mm: float
    missing: int
    doubled: int


@dataclass(frozen=True)
class Series:
    """Instances of one series and kind.

    Parameters
    ----------
    patient
        Number of the patient in this index, from 1.
    study_instance_uid, series_instance_uid
        Empty where the files have none.
    kind
        Of its instances.
    instances
        Slices in the order of their positions, others in that of their paths.
    stack
        Of a CT, MR or PT; ``None`` where its slices do not stack.
    """

    patient: int
    study_instance_uid: str
    series_instance_uid: str
    kind: str
    instances: tuple[Instance, ...]
    stack: Stack | None

    @property
    def key(self) -> str:
        """Path of its first file: no other series has it."""
        return self.instances[0].path

    @property
    def frames(self) -> tuple[str, ...]:
        """Frames of reference of its instances, each once."""
        return tuple(dict.fromkeys(uid for i in self.instances for uid in i.frames))


@dataclass(frozen=True)
class Study:
    """Series of one study."""

    study_instance_uid: str
    series: tuple[Series, ...]


@dataclass(frozen=True)
class Patient:
    """Studies of one patient.

    Parameters
    ----------
    number
        In this index, from 1.
    patient_id
        (0010,0020); not shown when printed.
    studies
        Of this patient.
    """

    number: int
    patient_id: str = field(repr=False)
    studies: tuple[Study, ...]

    @property
    def series(self) -> Iterator[Series]:
        """Series of all studies."""
        return (series for study in self.studies for series in study.series)


@dataclass(frozen=True)
class Reference:
    """From one object to another one that it belongs to.

    Parameters
    ----------
    source
        Which refers.
    role
        "plan", "structure set", "dose", "treatment record" or "images".
    target
        What it refers to: a series for images, else an instance; ``None`` where that
        is not here, or several answer.
    how
        "uid" where the file names it; "frame of reference" where what the file names
        is not here and this is the only one of the patient in the same frame of
        reference; "several" where more than one answers; "not here".
    uids
        SOP Instance UIDs that the file names and that are meant here; none where
        it names none.
    missing
        How many further images of the series the file names that are not here.
    beams
        Numbers of the beams of the plan, where only some are meant.
    """

    source: Instance
    role: str
    target: Instance | Series | None
    how: How
    uids: tuple[str, ...] = ()
    missing: int = 0
    beams: tuple[int, ...] = ()


@dataclass(frozen=True)
class Problem:
    """Something that is wrong with the files, or that one should know.

    Parameters
    ----------
    severity
        "error" where files cannot be used or would be mistaken for others,
        "warning" where something is missing or uncertain, "note".
    code
        Which problem it is, in words that stay the same.
    sentence
        What is wrong and what to do; without patient data.
    files
        Paths of the files it is about.
    """

    severity: Severity
    code: str
    sentence: str
    files: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class PlanSet:
    """A plan with the images, structures and doses that belong to it.

    Parameters
    ----------
    patient
        Number of the patient in this index.
    plan, structures, images, doses
        ``None`` or empty where one is not here or cannot be told.
    references
        That hold the set together.
    gaps
        Why the set cannot be used as a whole, one sentence each.
    """

    patient: int
    plan: Instance | None
    structures: Instance | None
    images: Series | None
    doses: tuple[Instance, ...]
    references: tuple[Reference, ...]
    gaps: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        """Whether all four are here and lie in one frame of reference."""
        return not self.gaps

    @property
    def is_certain(self) -> bool:
        """Whether the files themselves name each other throughout."""
        return all(reference.how == "uid" for reference in self.references)
