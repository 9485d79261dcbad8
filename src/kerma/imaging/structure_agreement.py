"""What comes out of comparing structures."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from kerma.core.result import Result

__all__ = ["PairComparison", "StructureComparison"]


@dataclass(frozen=True)
class PairComparison:
    """One structure compared with a reference; ``None`` is what has no value.

    Parameters
    ----------
    reference, test
        Names.
    reference_cc, test_cc
        Volumes, cm³.
    volume_ratio
        Test over reference.
    centroid_distance_mm
        Between the centers of volume, mm.
    dice, jaccard
        Overlap of the fractions of the voxels; of each voxel the smaller one is common.
    binary_dice, binary_jaccard
        The same of the voxels that are at least half full.
    hausdorff_mm
        The largest distance from one surface to the other, both ways.
    hausdorff_95_mm
        The distance that 95 % of the area of both surfaces together does not exceed.
    hausdorff_95_directed_mm
        The larger of the two distances that 95 % of one of them does not exceed.
    mean_distance_mm
        Mean distance over the area of both surfaces together.
    mean_from_reference_mm, mean_from_test_mm
        Mean distance of the reference from the test, and of the test from the reference.
    surface_dice
        Share of the area of both surfaces within the tolerance of the other one.
    added_path_length_mm
        Length of the outlines of the reference, summed over its slices, farther than
        the tolerance from the outline of the test in the slice.
    notes
        What was odd, and why a value is missing, one sentence each.
    """

    reference: str
    test: str
    reference_cc: float
    test_cc: float
    volume_ratio: float | None = None
    centroid_distance_mm: float | None = None
    dice: float | None = None
    jaccard: float | None = None
    binary_dice: float | None = None
    binary_jaccard: float | None = None
    hausdorff_mm: float | None = None
    hausdorff_95_mm: float | None = None
    hausdorff_95_directed_mm: float | None = None
    mean_distance_mm: float | None = None
    mean_from_reference_mm: float | None = None
    mean_from_test_mm: float | None = None
    surface_dice: float | None = None
    added_path_length_mm: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def volume_difference_cc(self) -> float:
        """Test minus reference, cm³."""
        return self.test_cc - self.reference_cc

    @property
    def is_measured(self) -> bool:
        """Whether both structures have a surface, so that distances have a value."""
        return self.hausdorff_mm is not None


@dataclass(frozen=True)
class StructureComparison(Result):
    """Structures compared with a reference, pair by pair.

    Parameters
    ----------
    tolerance_mm
        Of the surface Dice and the added path length.
    pairs
        In the order of the reference.
    notes
        Structures without a counterpart, and names that agree only in part.
    """

    kind: ClassVar[str] = "structure_comparison/1"

    tolerance_mm: float
    pairs: tuple[PairComparison, ...]
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether there is a pair, and distances could be measured for all of them."""
        return bool(self.pairs) and all(pair.is_measured for pair in self.pairs)

    def to_rows(self) -> list[dict[str, Any]]:
        """One row for each pair, for a table; notes are joined."""
        return [
            asdict(pair)
            | {
                "volume_difference_cc": pair.volume_difference_cc,
                "tolerance_mm": self.tolerance_mm,
                "notes": " ".join(pair.notes),
            }
            for pair in self.pairs
        ]

    def summary(self) -> str:
        """A table of the pairs, then what was odd."""
        width = max((len(_title(pair)) for pair in self.pairs), default=9)
        heads = {"ref cc": 8, "test cc": 8, "Dice": 6, "HD95": 7, "HD": 7}
        heads |= {"mean": 7, "sDice": 6, "APL": 8}
        columns = " ".join(f"{head:>{wide}}" for head, wide in heads.items())
        lines = [f"{'structure':<{width}}  {columns}"]
        lines += [_line(pair, width) for pair in self.pairs]
        lines.append(
            f"HD95, HD, mean distance and added path length (APL) in mm; HD95 and mean "
            f"over both surfaces; surface Dice (sDice) and APL at {self.tolerance_mm:g} "
            f"mm."
        )
        lines += [
            f"{_title(pair)}: {note}" for pair in self.pairs for note in pair.notes
        ]
        return "\n".join([*lines, *self.notes])


def _title(pair: PairComparison) -> str:
    same = pair.reference == pair.test
    return pair.reference if same else f"{pair.reference} / {pair.test}"


def _line(pair: PairComparison, width: int) -> str:
    cells = [
        f"{pair.reference_cc:>8.2f}",
        f"{pair.test_cc:>8.2f}",
        _cell(pair.dice, 6, 3),
        _cell(pair.hausdorff_95_mm, 7, 2),
        _cell(pair.hausdorff_mm, 7, 2),
        _cell(pair.mean_distance_mm, 7, 2),
        _cell(pair.surface_dice, 6, 3),
        _cell(pair.added_path_length_mm, 8, 0),
    ]
    return f"{_title(pair):<{width}}  {' '.join(cells)}"


def _cell(value: float | None, width: int, digits: int) -> str:
    return f"{'–':>{width}}" if value is None else f"{value:>{width}.{digits}f}"
