"""What the elements of a file say that an index wants to know."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

from kerma.errors import DicomError
from kerma.io.dicom.file import sop_classes
from kerma.io.dicom.header import Header, Tag
from kerma.io.indexing.kinds import IMAGES, kind_of
from kerma.io.indexing.records import Instance, Mention, Plane
from kerma.io.indexing.tree import Node, Wanted

__all__ = ["WANTED", "instance_of"]

_REFERENCED_SERIES = 0x00081115
_REFERENCED_IMAGES = 0x00081140
_REFERENCED_INSTANCES = 0x0008114A
_REFERENCED_SOPS = 0x00081199
_OTHER_STUDIES = 0x00081200
_SOURCE_IMAGES = 0x00082112
_DEFORMABLE = 0x00640002
_REGISTRATIONS = 0x00700308
_REFERENCED_FRAMES = 0x30060010
_STUDIES_OF_FRAME = 0x30060012
_SERIES_OF_STUDY = 0x30060014
_CONTOUR_IMAGES = 0x30060016
_STRUCTURES = 0x30060020
_TREATMENT_RECORDS = 0x30080030
_BEAMS = 0x300A00B0
_ION_BEAMS = 0x300A03A2
_PLANS = 0x300C0002
_REFERENCED_BEAMS = 0x300C0004
_FRACTION_GROUPS = 0x300C0020
_STRUCTURE_SETS = 0x300C0060
_DOSES = 0x300C0080

_LEAVES = (
    Tag.SPECIFIC_CHARACTER_SET,
    Tag.IMAGE_TYPE,
    Tag.SOP_CLASS_UID,
    Tag.SOP_INSTANCE_UID,
    Tag.MODALITY,
    Tag.SERIES_DESCRIPTION,
    Tag.PATIENT_NAME,
    Tag.PATIENT_ID,
    Tag.STUDY_INSTANCE_UID,
    Tag.SERIES_INSTANCE_UID,
    Tag.IMAGE_POSITION_PATIENT,
    Tag.IMAGE_ORIENTATION_PATIENT,
    Tag.FRAME_OF_REFERENCE_UID,
    Tag.NUMBER_OF_FRAMES,
    Tag.ROWS,
    Tag.COLUMNS,
    Tag.PIXEL_SPACING,
    Tag.RT_IMAGE_LABEL,
    Tag.DOSE_SUMMATION_TYPE,
    Tag.STRUCTURE_SET_LABEL,
    Tag.RT_PLAN_LABEL,
    Tag.REFERENCED_BEAM_NUMBER,
)
_INSTANCE: Wanted = {Tag.REFERENCED_SOP_INSTANCE_UID: None}
_SERIES: Wanted = {
    Tag.SERIES_INSTANCE_UID: None,
    _REFERENCED_INSTANCES: _INSTANCE,
    _REFERENCED_SOPS: _INSTANCE,
    _CONTOUR_IMAGES: _INSTANCE,
}
_FRAME: Wanted = {
    Tag.FRAME_OF_REFERENCE_UID: None,
    _STUDIES_OF_FRAME: {_SERIES_OF_STUDY: _SERIES},
}
_BEAM: Wanted = {Tag.BEAM_NUMBER: None}

WANTED: Wanted = {int(tag): None for tag in _LEAVES} | {
    _REFERENCED_SERIES: _SERIES,
    _OTHER_STUDIES: {_REFERENCED_SERIES: _SERIES},
    _SOURCE_IMAGES: _INSTANCE,
    _DEFORMABLE: {
        Tag.SOURCE_FRAME_OF_REFERENCE_UID: None,
        _REFERENCED_IMAGES: _INSTANCE,
    },
    _REGISTRATIONS: {
        Tag.FRAME_OF_REFERENCE_UID: None,
        _REFERENCED_IMAGES: _INSTANCE,
    },
    _REFERENCED_FRAMES: _FRAME,
    _STRUCTURES: {Tag.REFERENCED_FRAME_OF_REFERENCE_UID: None},
    _TREATMENT_RECORDS: _INSTANCE,
    _BEAMS: _BEAM,
    _ION_BEAMS: _BEAM,
    _PLANS: {
        Tag.REFERENCED_SOP_INSTANCE_UID: None,
        _FRACTION_GROUPS: {_REFERENCED_BEAMS: {Tag.REFERENCED_BEAM_NUMBER: None}},
    },
    _STRUCTURE_SETS: _INSTANCE,
    _DOSES: _INSTANCE,
}
"""What is read of a file: nothing else is decoded."""

# Where each kind of file names images: (series, path of sequences to them).
_IMAGE_SEQUENCES = {
    "RTSTRUCT": (_REFERENCED_FRAMES, _STUDIES_OF_FRAME, _SERIES_OF_STUDY),
    "SEG": (_REFERENCED_SERIES,),
    "REG": (_REFERENCED_SERIES,),
}
_LONGEST_UID = 64  # PS3.5, 6.2
_LONGEST_TEXT = 256


def instance_of(path: str, size: int, node: Node, head: bytes) -> Instance | None:
    """The record of a file; ``None`` where it does not say what it is.

    Parameters
    ----------
    path
        Of the file.
    size
        Of the file, bytes.
    node
        What was wanted of it.
    head
        The data set before the pixel data.
    """
    header = node.header
    classes = sop_classes(header)
    stated = _uid(header, Tag.SOP_CLASS_UID)
    sop_class = stated or _uid(header, Tag.MEDIA_STORAGE_SOP_CLASS_UID)
    modality = header.text(Tag.MODALITY)
    if not classes and not modality:
        return None
    kind = kind_of(sop_class, modality)
    is_image = kind in IMAGES
    return Instance(
        path=path,
        kind=kind,
        sop_class_uid=sop_class,
        sop_instance_uid=_uid(header, Tag.SOP_INSTANCE_UID),
        series_instance_uid=_uid(header, Tag.SERIES_INSTANCE_UID),
        study_instance_uid=_uid(header, Tag.STUDY_INSTANCE_UID),
        patient_id=header.text(Tag.PATIENT_ID)[:_LONGEST_TEXT],
        name_digest=_name_digest(header),
        label=_label(header),
        frames=_frames(kind, node),
        plane=_plane(header) if is_image else None,
        count=_count(kind, node),
        beams=() if is_image else _beams(node.items(_BEAMS) + node.items(_ION_BEAMS)),
        dose_summation=header.text(Tag.DOSE_SUMMATION_TYPE)[:_LONGEST_UID],
        is_localizer=header.texts(Tag.IMAGE_TYPE)[2:3] == ("LOCALIZER",),
        mentions=() if is_image else tuple(_mentions(kind, node)),
        digest=blake2b(head, digest_size=8).hexdigest(),
        size=size,
    )


def _uid(header: Header, tag: Tag) -> str:
    """A UID; empty where there is none, or what is there could be none.

    Letters are let pass: some anonymizers make such UIDs, and they serve.
    """
    text = header.text(tag)
    good = len(text) <= _LONGEST_UID and text.isascii() and text.isprintable()
    return text if good else ""


def _uids(nodes: Iterable[Node], tag: Tag) -> tuple[str, ...]:
    """UIDs of items, each once."""
    found = dict.fromkeys(_uid(node.header, tag) for node in nodes)
    return tuple(uid for uid in found if uid)


def _name_digest(header: Header) -> str:
    """Same for two ways to write one name: in capitals, with empty parts or carets."""
    name = header.text(Tag.PATIENT_NAME).split("=")[0].casefold()
    words = name.replace("^", " ").split()
    return blake2b(" ".join(words).encode(), digest_size=8).hexdigest() if words else ""


def _label(header: Header) -> str:
    tags = (
        Tag.RT_PLAN_LABEL,
        Tag.STRUCTURE_SET_LABEL,
        Tag.RT_IMAGE_LABEL,
        Tag.SERIES_DESCRIPTION,
    )
    found = (text for tag in tags if (text := header.text(tag)))
    return next(found, "")[:_LONGEST_TEXT]


def _frames(kind: str, node: Node) -> tuple[str, ...]:
    found = [_uid(node.header, Tag.FRAME_OF_REFERENCE_UID)]
    if kind == "RTSTRUCT":
        structures = node.items(_STRUCTURES)
        found += _uids(node.items(_REFERENCED_FRAMES), Tag.FRAME_OF_REFERENCE_UID)
        found += _uids(structures, Tag.REFERENCED_FRAME_OF_REFERENCE_UID)
    elif kind == "REG":
        found += _uids(node.items(_REGISTRATIONS), Tag.FRAME_OF_REFERENCE_UID)
        found += _uids(node.items(_DEFORMABLE), Tag.SOURCE_FRAME_OF_REFERENCE_UID)
    return tuple(dict.fromkeys(uid for uid in found if uid))


def _plane(header: Header) -> Plane:
    return Plane(
        rows=header.integer(Tag.ROWS) or 0,
        columns=header.integer(Tag.COLUMNS) or 0,
        pixel_spacing_mm=_numbers(header, Tag.PIXEL_SPACING, 2),
        position_mm=_numbers(header, Tag.IMAGE_POSITION_PATIENT, 3),
        orientation=_numbers(header, Tag.IMAGE_ORIENTATION_PATIENT, 6),
    )


def _numbers(header: Header, tag: Tag, count: int) -> tuple[float, ...]:
    """Numbers; none where they are missing or are none: whoever reads it will say."""
    try:
        return header.numbers(tag, count) or ()
    except DicomError:
        return ()


def _count(kind: str, node: Node) -> int:
    """How many structures, beams or frames."""
    if kind == "RTSTRUCT":
        return len(node.items(_STRUCTURES))
    if kind == "RTPLAN":
        return len(node.items(_BEAMS)) + len(node.items(_ION_BEAMS))
    frames = node.header.hint(Tag.NUMBER_OF_FRAMES)
    return int(frames) if frames and 0 < frames < 2**31 else 1


def _beams(nodes: Iterable[Node], tag: Tag = Tag.BEAM_NUMBER) -> tuple[int, ...]:
    """Numbers of beams; what is no whole number is left out."""
    numbers = (node.header.hint(tag) for node in nodes)
    return tuple(int(n) for n in numbers if n is not None and n.is_integer())


def _mentions(kind: str, node: Node) -> Iterable[Mention]:
    """What a file says it belongs to."""
    yield from _plans(node)
    others = (
        ("structure set", _STRUCTURE_SETS),
        ("dose", _DOSES),
        ("treatment record", _TREATMENT_RECORDS),
    )
    for role, sequence in others:
        uids = _uids(node.items(sequence), Tag.REFERENCED_SOP_INSTANCE_UID)
        if uids:
            yield Mention(role, uids)
    if kind in _IMAGE_SEQUENCES:
        images = _images(kind, node)
        if images.uids or images.series:
            yield images


def _plans(node: Node) -> Iterable[Mention]:
    """Each plan apart: a dose may be of some beams of it."""
    one = _beams([node], Tag.REFERENCED_BEAM_NUMBER)  # of an RT image
    for plan in node.items(_PLANS):
        inside = plan.items(_FRACTION_GROUPS, _REFERENCED_BEAMS)
        beams = _beams(inside, Tag.REFERENCED_BEAM_NUMBER)
        uids = _uids([plan], Tag.REFERENCED_SOP_INSTANCE_UID)
        yield Mention("plan", uids, beams=beams or one)


def _images(kind: str, node: Node) -> Mention:
    series = node.items(*_IMAGE_SEQUENCES[kind])
    if kind == "REG":
        series += node.items(_OTHER_STUDIES, _REFERENCED_SERIES)
    images = [
        image
        for tag in (_REFERENCED_INSTANCES, _REFERENCED_SOPS, _CONTOUR_IMAGES)
        for one in series
        for image in one.items(tag)
    ]
    for path in ((_SOURCE_IMAGES,), (_REGISTRATIONS, _REFERENCED_IMAGES)):
        images += node.items(*path)
    images += node.items(_DEFORMABLE, _REFERENCED_IMAGES)
    return Mention(
        "images",
        _uids(images, Tag.REFERENCED_SOP_INSTANCE_UID),
        _uids(series, Tag.SERIES_INSTANCE_UID),
    )
