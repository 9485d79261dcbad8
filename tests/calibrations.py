"""Calibrations with known CT numbers, made without a scan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from kerma.core.phantom import Phantom
from kerma.core.volume import Acquisition
from kerma.physics.ct_number import Stoichiometry
from kerma.physics.substance import Substance
from kerma.workflows.ct_calibration.procedure import curve_of
from kerma.workflows.ct_calibration.result import (
    Calibration,
    Identity,
    InsertReading,
    PhantomPose,
    Recognition,
    Uncertainty,
)

# Like 120 kV: the response fitted to the CT numbers expected of a CIRS 062M, rounded.
SCANNER = Stoichiometry(5e-5, 1.8e-3, 0.0, 4)


def seen_by(scanner: Stoichiometry, phantom: Phantom) -> dict[str, float]:
    """CT number of each material of known composition on a scanner without noise."""
    return {
        key: scanner.hu_of(Substance(key, material.density_g_cm3, material.composition))
        for key, material in phantom.materials.items()
        if material.density_g_cm3 and material.composition
    }


def calibration_of(
    phantom: Phantom, hu: Mapping[str, float], *, kv: float = 120.0
) -> Calibration:
    """A calibration that read these CT numbers, by material, at every insert."""
    readings = tuple(
        _reading(phantom, insert.name, insert.material, hu[insert.material])
        for insert in phantom.inserts
    )
    return Calibration(
        recognition=Recognition(
            phantom=phantom.name,
            title=phantom.title,
            seed_name=phantom.seed_name,
            score=1.0,
            margin=None,
            candidates=(),
            undecided_models=(),
            undecided_pairs=(),
            geometry_verified=True,
            caveat="",
        ),
        serial_number="ED-1",
        acquisition=Acquisition(
            manufacturer="Maker",
            model="Some Model",
            kv=kv,
            kernel="Br38f/3",
            study_date="20240312",
            rescale_type="HU",
        ),
        pose=PhantomPose(
            (0.0, 0.0, 0.0), 0.0, None, None, False, 1.0, 0.0, (0.0,), (0,)
        ),
        readings=readings,
        edge_spread_mm=None,
        curve=curve_of(readings),
    )


def on_scale(calibration: Calibration, rescale_type: str) -> Calibration:
    """The same, of a scan on another scale."""
    made = replace(calibration.acquisition, rescale_type=rescale_type)
    return replace(calibration, acquisition=made)


def _reading(phantom: Phantom, name: str, key: str, hu: float) -> InsertReading:
    material = phantom.materials[key]
    return InsertReading(
        name=name,
        material=key,
        seed_name=material.seed_name,
        red=material.red,
        red_uncertainty=material.red_uncertainty,
        identity=Identity.CONFIRMED,
        remark="",
        expected_hu=hu,
        residual_hu=0.0,
        mean_hu=hu,
        sd_hu=5.0,
        median_hu=hu,
        voxels=1000,
        effective_voxels=500.0,
        slice_means_hu=(hu,),
        center_mm=(0.0, 0.0, 0.0),
        center_column=0.0,
        center_row=0.0,
        insert_radius_mm=15.0,
        region_radius_mm=10.5,
        fit_residual_mm=0.0,
        uncertainty=Uncertainty(0.3, 0.0, 0.0, 0.2, 0.0, 0.0),
    )
