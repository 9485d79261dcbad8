"""Which of the images in a folder make one CT."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from kerma.errors import DicomError, InputError
from kerma.io.ct.slice import Slice, make_slice
from kerma.io.dicom.file import is_ct, is_enhanced, read_header, sop_classes
from kerma.io.dicom.gateway import frame_headers
from kerma.io.dicom.header import Header, Tag, plain
from kerma.io.dicom.source import Source

__all__ = ["Found", "Series", "choose_series", "find_images"]

_SAME_DIRECTION = 1e-4  # 0.05 mm at the far end of a field of 500 mm
_SAME_SPACING = 1e-5  # of itself
_MOST_SERIES = 500
_LISTED = 12


@dataclass(frozen=True, eq=False)
class Series:
    """Images of one series that lie in parallel planes and have one matrix."""

    slices: tuple[Slice, ...]

    @property
    def uid(self) -> str:
        """Series Instance UID, empty where the files have none."""
        return self.slices[0].series_uid

    def describe(self) -> str:
        """UID, description, matrix and number of slices, for a list to choose from."""
        first = self.slices[0]
        description = plain(first.header.text(Tag.SERIES_DESCRIPTION)) or "no name"
        return (
            f"{plain(self.uid) or '(no UID)'} ({description}, {first.rows} x "
            f"{first.columns}, {len(self.slices)} slices)"
        )


@dataclass(frozen=True)
class Damaged:
    """A file that cannot be used; its series is empty where it could not be read."""

    series_uid: str
    error: DicomError


@dataclass(frozen=True, eq=False)
class Found:
    """What a look at all the files found.

    Parameters
    ----------
    name
        Base name of the folder or file that was looked at.
    series
        The CTs.
    damaged
        Images that cannot be used.
    left_out
        How many files of each other kind there are.
    """

    name: str
    series: tuple[Series, ...]
    damaged: tuple[Damaged, ...]
    left_out: Counter[str]

    def notes(self) -> tuple[str, ...]:
        """Sentences on what might have been expected to be part of a CT."""
        return tuple(
            f"Left out: {count} {kind}."
            for kind, count in sorted(self.left_out.items())
            if kind in _WORTH_A_NOTE
        )


_LOCALIZER = "localizer image(s)"
_CAPTURE = "secondary capture(s)"
_MISNAMED = "file(s) named .dcm that are not DICOM"
_WORTH_A_NOTE = (_LOCALIZER, _CAPTURE, _MISNAMED)
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


def find_images(
    name: str, sources: Sequence[Source], progress: Callable[[float], None]
) -> Found:
    """Read the header of every file and sort the CT images into series.

    A damaged file stops nothing here; `choose_series` decides whether it matters.

    Raises
    ------
    InputError
        There are more series than anyone could choose from.
    """
    slices: list[Slice] = []
    damaged: list[Damaged] = []
    left_out: Counter[str] = Counter()
    for number, source in enumerate(sources, start=1):
        seen = _examine(source)
        if isinstance(seen, str):
            left_out[seen] += 1
        elif isinstance(seen, Damaged):
            damaged.append(seen)
        else:
            slices.extend(seen)
        progress(number / len(sources))
    return Found(name, _group(name, slices), tuple(damaged), left_out)


def _examine(file: Source) -> list[Slice] | Damaged | str:
    """CT images of a file, or what is wrong with it, or what else it is."""
    series_uid = ""
    try:
        found = read_header(file)
        if found is None:
            return _MISNAMED if _is_misnamed(file.name) else "not DICOM"
        source, header = found  # of a deflated file the source is the inflated one
        if kind := _other_kind(file.name, header):
            return kind
        series_uid = header.text(Tag.SERIES_INSTANCE_UID)
        frames = frame_headers(source, header) if is_enhanced(header) else [header]
        return [make_slice(source, k, frame) for k, frame in enumerate(frames)]
    except DicomError as error:
        return Damaged(series_uid, error)


def _is_misnamed(name: str) -> bool:
    """Whether a file that is no DICOM has its name, and is not a hidden one."""
    return name.lower().endswith(".dcm") and not name.startswith(".")


def _other_kind(name: str, header: Header) -> str:
    """What a file is that is no CT image; empty for one that is."""
    if is_ct(header):
        flavor = header.texts(Tag.IMAGE_TYPE)[2:3]
        return _LOCALIZER if flavor == ("LOCALIZER",) else ""
    named, modality = sop_classes(header), plain(header.text(Tag.MODALITY))
    if modality == "CT" and any(uid.startswith(_SECONDARY_CAPTURE) for uid in named):
        return _CAPTURE
    if not named and not modality:
        raise DicomError(
            f"{name}: is DICOM, but its header is damaged, so it may be a slice that "
            f"is needed. Export it again, or take it out of the folder."
        )
    return modality[:16] or "of another kind"


def _group(name: str, slices: Iterable[Slice]) -> tuple[Series, ...]:
    """Series Instance UID alone is not enough: scouts and reports may share it."""
    bins: dict[tuple[str, str, int, int], list[list[Slice]]] = {}
    groups = 0
    for image in slices:
        key = (image.series_uid, image.frame_of_reference, image.rows, image.columns)
        alike = bins.setdefault(key, [])
        for group in alike:
            if _is_parallel(group[0], image):
                group.append(image)
                break
        else:
            alike.append([image])
            groups += 1
        if groups > _MOST_SERIES:
            raise InputError(
                f"{name}: holds over {_MOST_SERIES} CT series; choose a folder "
                f"further down."
            )
    return tuple(Series(tuple(group)) for alike in bins.values() for group in alike)


def _is_parallel(one: Slice, other: Slice) -> bool:
    """Whether two images have one pixel spacing and one orientation."""
    if (one.orientation is None) != (other.orientation is None):
        return False
    if one.orientation and other.orientation and one.orientation != other.orientation:
        pairs = zip(sum(one.orientation, ()), sum(other.orientation, ()), strict=True)
        if any(abs(a - b) > _SAME_DIRECTION for a, b in pairs):
            return False
    pairs = zip(one.pixel_spacing, other.pixel_spacing, strict=True)
    return all(abs(a - b) <= _SAME_SPACING * a for a, b in pairs)


def choose_series(found: Found, series_uid: str | None) -> Series:
    """The one CT that was found, or the one that was asked for.

    Raises
    ------
    InputError
        There is none, there are several, or it is not among them.
    DicomError
        An image that belongs to it, or may do so, cannot be used.
    """
    fitting = [s for s in found.series if series_uid in (None, s.uid)]
    if len(fitting) > 1:
        raise InputError(_several(found.name, fitting, series_uid))
    wanted = fitting[0].uid if fitting else series_uid
    for damaged in found.damaged:
        if wanted is None or damaged.series_uid in ("", wanted):
            raise damaged.error
    if not fitting:
        raise InputError(_none(found, series_uid))
    return fitting[0]


def _none(found: Found, series_uid: str | None) -> str:
    if found.series:
        listed = "; ".join(series.describe() for series in found.series[:_LISTED])
        return (
            f"{found.name}: no CT series {plain(series_uid or '')!r} here; there are: "
            f"{listed}."
        )
    kinds = ", ".join(f"{n} {kind}" for kind, n in found.left_out.most_common(8))
    return (
        f"{found.name}: no CT images here ({found.left_out.total()} files looked at; "
        f"{kinds})."
    )


def _several(name: str, series: Sequence[Series], series_uid: str | None) -> str:
    listed = "; ".join(one.describe() for one in series[:_LISTED])
    more = f"; and {len(series) - _LISTED} more" if len(series) > _LISTED else ""
    if len({one.uid for one in series}) == len(series):
        return (
            f"{name}: {len(series)} CT series here; choose one by its series_uid: "
            f"{listed}{more}."
        )
    which = "the series asked for" if series_uid else "one series here"
    return (
        f"{name}: {which} mixes images that do not stack (another matrix, pixel "
        f"spacing, orientation or frame of reference): {listed}{more}. Give the files "
        f"of one stack as a list."
    )
