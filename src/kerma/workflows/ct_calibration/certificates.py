"""Certificates: the electron densities of the rods that were delivered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kerma.core.phantom import Material, Phantom
from kerma.errors import InputError
from kerma.io import read_record

__all__ = [
    "Certificate",
    "CertifiedMaterial",
    "apply_certificates",
    "certificate_notes",
    "read_certificates",
    "require_certificate",
]

_MOST_FILES = 1000  # a folder of certificates, not somebody's disk


@dataclass(frozen=True)
class CertifiedMaterial:
    """What a certificate says of one material; what it does not say stays nominal.

    Parameters
    ----------
    red, red_uncertainty
        Electron density relative to water, and its standard uncertainty.
    density_g_cm3, density_uncertainty_g_cm3
        Mass density, g/cm3, likewise.
    spr, spr_uncertainty
        Measured stopping power relative to water, likewise.
    """

    red: float
    red_uncertainty: float | None = None
    density_g_cm3: float | None = None
    density_uncertainty_g_cm3: float | None = None
    spr: float | None = None
    spr_uncertainty: float | None = None

    def of(self, material: Material) -> Material:
        """A material with the certified values in place of the nominal ones."""
        given = {key: value for key, value in vars(self).items() if value is not None}
        return replace(material, **given)


@dataclass(frozen=True)
class Certificate:
    """The certificate of one phantom.

    Parameters
    ----------
    phantom
        Name of its model.
    serial_number
        Its serial number.
    date
        When it was issued.
    source
        Who issued it, and its number.
    materials
        Certified values by key of the material.
    valid_until
        Last day of its validity; ``None`` for no end.
    """

    phantom: str
    serial_number: str
    date: dt.date
    source: str
    materials: Mapping[str, CertifiedMaterial]
    valid_until: dt.date | None = None

    def __post_init__(self) -> None:
        if self.valid_until is not None and self.valid_until < self.date:
            raise InputError(
                f"The certificate of {self.phantom} {self.serial_number} ends on "
                f"{self.valid_until}, before its date {self.date}."
            )
        if not self.materials:
            raise InputError(
                f"The certificate of {self.phantom} {self.serial_number} names no "
                f"material."
            )


@dataclass(frozen=True)
class CertificateFile:
    """What one file holds."""

    certificate: tuple[Certificate, ...]


def read_certificates(path: Path) -> tuple[Certificate, ...]:
    """Read a file of certificates, or all TOML and JSON files of a folder.

    Raises
    ------
    InputError
        There is none, or a file has a mistake in it.
    """
    files = [path]
    if path.is_dir():
        files = sorted(
            file for file in path.iterdir() if file.suffix.lower() in (".toml", ".json")
        )
    if not 0 < len(files) <= _MOST_FILES:
        raise InputError(
            f"{path}: holds {len(files)} TOML and JSON files; give a file or a folder "
            f"of certificates."
        )
    return tuple(
        one for file in files for one in read_record(file, CertificateFile).certificate
    )


def apply_certificates(
    phantoms: Sequence[Phantom],
    certificates: Sequence[Certificate],
    serial_number: str | None,
) -> tuple[tuple[Phantom, ...], dict[str, Certificate]]:
    """The models with the certified values of the phantom with a serial number.

    Where a phantom has several certificates the newest counts.

    Returns
    -------
    phantoms : tuple of Phantom
        The models; those without a certificate as they were.
    used : dict of str to Certificate
        The certificate used, by name of the model.

    Raises
    ------
    InputError
        No serial number, none with it, a certificate for another phantom, two of
        one day, or a material that the phantom does not have.
    """
    if serial_number is None:
        raise InputError(
            "Certificates count for one phantom: give its serial number too."
        )
    mine = [one for one in certificates if one.serial_number == serial_number]
    if not mine:
        known = ", ".join(sorted({one.serial_number for one in certificates}))
        raise InputError(
            f"There is no certificate for the serial number {serial_number!r}; there "
            f"are some for {known}."
        )
    used = {
        phantom.name: _newest(same)
        for phantom in phantoms
        if (same := [one for one in mine if one.phantom == phantom.name])
    }
    if not used:
        names = ", ".join(sorted({one.phantom for one in mine}))
        tried = ", ".join(phantom.name for phantom in phantoms)
        raise InputError(
            f"The certificate of the serial number {serial_number!r} is for {names}, "
            f"not for {tried}: is it the right phantom?"
        )
    certified = tuple(
        _certified(one, used[one.name]) if one.name in used else one for one in phantoms
    )
    return certified, used


def require_certificate(phantom: str, used: Mapping[str, Certificate]) -> Certificate:
    """The certificate used for the phantom that was found.

    Raises
    ------
    InputError
        The serial number belongs to another phantom.
    """
    if phantom not in used:
        other = next(iter(used.values()))
        raise InputError(
            f"The scan shows {phantom}, but the serial number {other.serial_number!r} "
            f"is that of {' or '.join(used)} by its certificate: is it the right one?"
        )
    return used[phantom]


def certificate_notes(
    certificate: Certificate, phantom: Phantom, scan_date: str | None
) -> tuple[str, ...]:
    """What a user should know of the certificate that was used.

    Parameters
    ----------
    certificate, phantom
        The certificate and the phantom with its values.
    scan_date
        Day of the scan, YYYYMMDD; ``None`` where it is not known.
    """
    names = ", ".join(certificate.materials)
    used = (
        f"The electron densities of {names} are those of the certificate of "
        f"{certificate.date} for the serial number {certificate.serial_number} "
        f"({certificate.source})."
    )
    notes = [used]
    nominal = [
        key
        for key, material in phantom.materials.items()
        if key not in certificate.materials and material.red is not None
    ]
    if nominal:
        notes.append(
            f"The certificate does not name {', '.join(nominal)}; the published values "
            f"count for them."
        )
    end = certificate.valid_until
    if end is not None and scan_date is not None and scan_date > f"{end:%Y%m%d}":
        notes.append(f"The certificate was valid until {end}, before this scan.")
    return tuple(notes)


def _newest(certificates: Sequence[Certificate]) -> Certificate:
    newest, *others = sorted(certificates, key=lambda one: one.date, reverse=True)
    if others and others[0].date == newest.date:
        raise InputError(
            f"There are two certificates of {newest.date} for {newest.phantom} "
            f"{newest.serial_number}; remove the wrong one."
        )
    return newest


def _certified(phantom: Phantom, certificate: Certificate) -> Phantom:
    materials = dict(phantom.materials)
    for key, values in certificate.materials.items():
        if key not in materials:
            raise InputError(
                f"The certificate of {certificate.phantom} "
                f"{certificate.serial_number} names a material {key!r} that it does "
                f"not have; it has {', '.join(materials)}."
            )
        materials[key] = values.of(materials[key])
    return replace(phantom, materials=materials)
