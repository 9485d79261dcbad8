"""The phantoms and tolerance profiles that are shipped, and the user's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from kerma.core.phantom import Material, Phantom
from kerma.errors import InputError
from kerma.io import read_record
from kerma.workflows.ct_calibration.constancy import Tolerances

__all__ = [
    "SiteConfig",
    "apply_config",
    "choose_phantoms",
    "load_tolerances",
    "phantom_names",
    "shipped_phantoms",
    "tolerance_names",
]

_DATA = resources.files("kerma.workflows.ct_calibration") / "data"


@dataclass(frozen=True)
class ConfigInsert:
    """One insert in a site's configuration: its seed name, RED and expected HU."""

    name: str
    red: float
    hu_hint: float | None = None


@dataclass(frozen=True)
class ConfigPhantom:
    """What a site sets for one phantom."""

    inserts: tuple[ConfigInsert, ...] = ()
    roi_radius_fraction: float | None = None


@dataclass(frozen=True)
class SiteConfig:
    """A site's configuration, in the form of the first HU-RED scripts.

    Parameters
    ----------
    tolerances_hu
        Allowed change by seed name of the material, HU.
    phantoms
        By name of the phantom, ours or the seed's.
    """

    tolerances_hu: Mapping[str, float] = field(default_factory=dict)
    phantoms: Mapping[str, ConfigPhantom] = field(default_factory=dict)


def phantom_names() -> tuple[str, ...]:
    """Names of the phantoms that are shipped."""
    return _names(_DATA / "phantoms")


def tolerance_names() -> tuple[str, ...]:
    """Names of the tolerance profiles that are shipped."""
    return _names(_DATA / "tolerances")


def shipped_phantoms() -> tuple[Phantom, ...]:
    """All phantoms that are shipped."""
    return tuple(_phantom(name) for name in phantom_names())


def choose_phantoms(name_or_file: str) -> tuple[Phantom, ...]:
    """The models to try: all for "auto", else those of a name or the one in a file.

    A name of the seed stands for all models that it could mean.

    Raises
    ------
    InputError
        Neither a name nor a file, or a file with a mistake in it.
    """
    if name_or_file == "auto":
        return shipped_phantoms()
    if name_or_file in phantom_names():
        return (_phantom(name_or_file),)
    meant = [one for one in shipped_phantoms() if one.seed_name == name_or_file]
    if meant:
        return tuple(meant)
    file = Path(name_or_file)
    if file.suffix.lower() in (".toml", ".json") or file.exists():
        return (read_record(file, Phantom),)
    raise InputError(
        f"There is no phantom {name_or_file!r}; there are {', '.join(phantom_names())}"
        f", or give the file of your own."
    )


def load_tolerances(name_or_file: str) -> Tolerances:
    """A tolerance profile by its shipped name, or your own file.

    Raises
    ------
    InputError
        Neither a name nor a file, or a file with a mistake in it.
    """
    if name_or_file in tolerance_names():
        with resources.as_file(_DATA / "tolerances" / f"{name_or_file}.toml") as file:
            return read_record(file, Tolerances)
    file = Path(name_or_file)
    if file.suffix.lower() in (".toml", ".json") or file.exists():
        return read_record(file, Tolerances)
    raise InputError(
        f"There is no tolerance profile {name_or_file!r}; there are "
        f"{', '.join(tolerance_names())}, or give the file of your own."
    )


def apply_config(
    phantom: Phantom, config: SiteConfig
) -> tuple[Phantom, tuple[str, ...]]:
    """A phantom with a site's RED values and region, and what was odd about them.

    Raises
    ------
    InputError
        The configuration names an insert that the phantom does not have.
    """
    found = config.phantoms.get(phantom.name, config.phantoms.get(phantom.seed_name))
    if found is None:
        return phantom, ()
    materials = dict(phantom.materials)
    notes = []
    for insert in found.inserts:
        key = _key_of(phantom, insert.name)
        if insert.red == 0 and materials[key].red != 0:
            notes.append(
                f"The configuration gives {insert.name} a RED of 0, a placeholder; "
                f"the published {materials[key].red} was kept."
            )
            continue
        materials[key] = _configured(materials[key], insert)
    fraction = found.roi_radius_fraction or phantom.region_fraction
    configured = replace(phantom, materials=materials, region_fraction=fraction)
    return configured, tuple(notes)


def _configured(material: Material, insert: ConfigInsert) -> Material:
    hint = insert.hu_hint
    expected = material.hu_by_kv if hint is None else {120: hint}
    return replace(material, red=insert.red, hu_by_kv=expected)


def _key_of(phantom: Phantom, name: str) -> str:
    """The key of the material with a name, ours or the seed's."""
    for key, material in phantom.materials.items():
        if name in (key, material.seed_name):
            return key
    known = sorted({one.seed_name or key for key, one in phantom.materials.items()})
    raise InputError(
        f"The configuration names an insert {name!r} that {phantom.name} does not "
        f"have; it has {', '.join(known)}."
    )


def _phantom(name: str) -> Phantom:
    with resources.as_file(_DATA / "phantoms" / f"{name}.toml") as file:
        return read_record(file, Phantom)


def _names(folder: Traversable) -> tuple[str, ...]:
    files = (entry.name for entry in folder.iterdir())
    return tuple(sorted(name[:-5] for name in files if name.endswith(".toml")))
