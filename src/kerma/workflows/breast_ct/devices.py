"""What is known beforehand of a device's HU scale."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from kerma.errors import InputError
from kerma.io import read_record
from kerma.workflows.breast_ct.scale import HUScale

__all__ = ["DevicePrior", "device_names", "load_device"]

_DATA = resources.files("kerma.workflows.breast_ct") / "data" / "devices"


@dataclass(frozen=True)
class DevicePrior:
    """CT numbers of fat and gland to be expected from a device.

    Parameters
    ----------
    name
        Name of the file.
    source
        Where the numbers come from.
    fat_hu, fat_sd_hu, gland_hu, gland_sd_hu
        Expected CT numbers and their standard deviations, HU.
    contrast_hu, contrast_sd_hu
        Gland minus fat, HU. It is known better than either: a drift moves both.
    fixed
        Whether the expected numbers hold and the scan is not asked.

    Raises
    ------
    InputError
        Gland does not lie above fat, or a standard deviation is not positive.
    """

    name: str
    source: str
    fat_hu: float
    fat_sd_hu: float
    gland_hu: float
    gland_sd_hu: float
    contrast_hu: float
    contrast_sd_hu: float
    fixed: bool = False

    def __post_init__(self) -> None:
        HUScale(self.fat_hu, self.gland_hu)
        if not self.contrast_hu > 0:
            raise InputError(
                f"{self.name}: contrast_hu is gland minus fat, above 0; got "
                f"{self.contrast_hu:g} HU."
            )
        for key in ("fat_sd_hu", "gland_sd_hu", "contrast_sd_hu"):
            if not getattr(self, key) > 0:
                raise InputError(
                    f"{self.name}: {key} is a standard deviation, above 0; got "
                    f"{getattr(self, key):g} HU."
                )


def device_names() -> tuple[str, ...]:
    """Names of the devices that are shipped."""
    names = (entry.name for entry in _DATA.iterdir())
    return tuple(sorted(name[:-5] for name in names if name.endswith(".toml")))


def load_device(name_or_file: str) -> DevicePrior:
    """A device by its shipped name, or your own file.

    Raises
    ------
    InputError
        Neither a name nor a file, or a file with a mistake in it.
    """
    if name_or_file in device_names():
        with resources.as_file(_DATA / f"{name_or_file}.toml") as file:
            return read_record(file, DevicePrior)
    file = Path(name_or_file)
    if file.suffix.lower() in (".toml", ".json") or file.exists():
        return read_record(file, DevicePrior)
    raise InputError(
        f"There is no device {name_or_file!r}; there are "
        f"{', '.join(device_names())}, or give the file of your own."
    )
