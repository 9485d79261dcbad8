"""Methods on images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerma.imaging.orientation import covering_grid
from kerma.imaging.resampling import coverage, resample, sample
from kerma.lazy import loader

if TYPE_CHECKING:
    from kerma.imaging.contouring import contours_of_labels as contours_of_labels
    from kerma.imaging.contouring import contours_of_mask as contours_of_mask
    from kerma.imaging.margins import Margin as Margin
    from kerma.imaging.margins import crop_away as crop_away
    from kerma.imaging.margins import crop_to as crop_to
    from kerma.imaging.margins import expand as expand
    from kerma.imaging.margins import ring as ring
    from kerma.imaging.margins import shrink as shrink
    from kerma.imaging.mask_shape import fill_holes as fill_holes
    from kerma.imaging.mask_shape import fill_slices as fill_slices
    from kerma.imaging.mask_shape import largest_part as largest_part
    from kerma.imaging.mask_shape import remove_small_parts as remove_small_parts
    from kerma.imaging.mask_shape import smooth as smooth
    from kerma.imaging.masks import mask_of as mask_of
    from kerma.imaging.region_statistics import statistics_in as statistics_in
    from kerma.imaging.structure_algebra import difference as difference
    from kerma.imaging.structure_algebra import intersection as intersection
    from kerma.imaging.structure_algebra import subtraction as subtraction
    from kerma.imaging.structure_algebra import union as union
    from kerma.imaging.structure_comparison import compare as compare
    from kerma.imaging.structure_comparison import compare_masks as compare_masks

__all__ = [
    "Margin",
    "compare",
    "compare_masks",
    "contours_of_labels",
    "contours_of_mask",
    "coverage",
    "covering_grid",
    "crop_away",
    "crop_to",
    "difference",
    "expand",
    "fill_holes",
    "fill_slices",
    "intersection",
    "largest_part",
    "mask_of",
    "remove_small_parts",
    "resample",
    "ring",
    "sample",
    "shrink",
    "smooth",
    "statistics_in",
    "subtraction",
    "union",
]

__getattr__ = loader(
    __name__,
    {
        "Margin": "kerma.imaging.margins",
        "compare": "kerma.imaging.structure_comparison",
        "compare_masks": "kerma.imaging.structure_comparison",
        "contours_of_labels": "kerma.imaging.contouring",
        "contours_of_mask": "kerma.imaging.contouring",
        "crop_away": "kerma.imaging.margins",
        "crop_to": "kerma.imaging.margins",
        "difference": "kerma.imaging.structure_algebra",
        "expand": "kerma.imaging.margins",
        "fill_holes": "kerma.imaging.mask_shape",
        "fill_slices": "kerma.imaging.mask_shape",
        "intersection": "kerma.imaging.structure_algebra",
        "largest_part": "kerma.imaging.mask_shape",
        "mask_of": "kerma.imaging.masks",
        "remove_small_parts": "kerma.imaging.mask_shape",
        "ring": "kerma.imaging.margins",
        "shrink": "kerma.imaging.margins",
        "smooth": "kerma.imaging.mask_shape",
        "statistics_in": "kerma.imaging.region_statistics",
        "subtraction": "kerma.imaging.structure_algebra",
        "union": "kerma.imaging.structure_algebra",
    },
)
