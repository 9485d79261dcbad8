"""What a breast consists of, glands aside."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, reduce

import numpy as np

from kerma.core.arrays import BoolArray
from kerma.workflows.breast_ct.body import Body
from kerma.workflows.breast_ct.bone import find_bone
from kerma.workflows.breast_ct.clips import Clips, find_clips
from kerma.workflows.breast_ct.fold import find_fold
from kerma.workflows.breast_ct.image import BreastImage
from kerma.workflows.breast_ct.implant import Implant, find_implants
from kerma.workflows.breast_ct.muscle import Muscle, find_muscle
from kerma.workflows.breast_ct.scale import HUScale
from kerma.workflows.breast_ct.skin import Skin, find_skin
from kerma.workflows.breast_ct.stopwatch import Stopwatch

__all__ = ["Anatomy", "find_anatomy"]


@dataclass(frozen=True, eq=False)
class Anatomy:
    """Parts of a breast that do not overlap; masks are (nk, nj, ni).

    Parameters
    ----------
    body
        The breast and all that hangs beside it.
    fold
        The skin fold.
    skin
        Skin and nipple.
    implants, bone, clips, muscle
        What lies inside.
    """

    body: Body
    fold: BoolArray
    skin: Skin
    implants: tuple[Implant, ...]
    bone: BoolArray
    clips: Clips
    muscle: Muscle

    @cached_property
    def implant(self) -> BoolArray:
        """Voxels of all implants."""
        return _union(self.implants, self.fold.shape)

    @cached_property
    def tissue(self) -> BoolArray:
        """Voxels of fat and gland: what is nothing else."""
        tissue = self.body.mask.copy()
        others = (self.fold, self.skin.mask, self.implant, self.bone)
        for other in (*others, self.clips.mask, self.muscle.mask):
            tissue &= ~other
        return tissue


def find_anatomy(
    image: BreastImage, body: Body, scale: HUScale, watch: Stopwatch
) -> Anatomy:
    """Fold, skin, implants, bone, clips and muscle, in this order.

    Parameters
    ----------
    image
        The scan.
    body
        The breast and all that hangs beside it.
    scale
        What fat and gland read, roughly.
    watch
        Told and timing the steps.
    """
    with watch.step("Fold"):
        fold = find_fold(image, body, scale)
    with watch.step("Skin"):
        skin = find_skin(image, body.mask, fold, scale, field=body.field.mask)
        inside = body.mask & ~fold & ~skin.mask
    with watch.step("Silicone"):
        implants = find_implants(image, inside, scale)
        implant = _union(implants, inside.shape)
    with watch.step("Rib"):
        bone = find_bone(image, inside, scale, implant=implant)
        clips = find_clips(image, inside, scale, bone=bone)
    with watch.step("Muscle"):
        muscle = find_muscle(image, inside, scale, implant=implant, bone=bone)
    return Anatomy(body, fold, skin, implants, bone, clips, muscle)


def _union(implants: tuple[Implant, ...], shape: tuple[int, ...]) -> BoolArray:
    none = np.zeros(shape, bool)
    return reduce(np.logical_or, (implant.mask for implant in implants), none)
