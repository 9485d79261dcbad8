"""Tissue maps for Monte Carlo codes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  (as everyone calls it)
from pydicom import dcmread

from kerma.core.grid import Grid
from kerma.core.label_map import LabelMap
from kerma.errors import GeometryError, InputError
from kerma.io import read_ct
from kerma.reports.breast_ct.exports import export
from kerma.reports.breast_ct.materials import materials_of
from kerma.reports.breast_ct.monte_carlo import egsphant_bytes
from kerma.workflows.breast_ct.glandularity import mass_fraction
from kerma.workflows.breast_ct.result import BreastCT, FoundImplant
from kerma.workflows.breast_ct.tissues import LABELS, Tissue
from tests.io.validators import dciodvfy_errors
from tests.reports.breast_ct.small_breasts import axial, small_breast


def all_labels() -> LabelMap:
    numbers = np.arange(10, dtype=np.uint8).reshape(1, 2, 5)
    grid = Grid(
        (1, 2, 5), (0.0, 0.0, 0.0), (1.0, 1.0, 1.0),
        ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0)), "",
    )  # fmt: skip
    return LabelMap(numbers, grid, labels=LABELS)


def with_implants(*fillings: str) -> BreastCT:
    implants = tuple(FoundImplant(filling, 40.0, 100.0) for filling in fillings)
    return replace(small_breast().result, implants=implants)


def test_itk_reads_the_map_and_each_of_its_numbers_has_a_material(
    tmp_path: Path,
) -> None:
    header, _, materials = export(small_breast(), tmp_path, ["metaimage"])
    label_map = small_breast().label_map()

    image = sitk.ReadImage(header)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), label_map.numbers)
    np.testing.assert_allclose(
        image.TransformIndexToPhysicalPoint((3, 2, 1)),
        label_map.grid.to_patient(np.array([1, 2, 3])),
    )
    told = json.loads(materials.read_text())["labels"]
    assert {int(key) for key in told} == set(np.unique(label_map.numbers).tolist())
    assert told["2"]["density_g_cm3"] == 1.04


def test_every_label_has_one_material_whose_fractions_sum_to_one() -> None:
    materials = materials_of(with_implants("saline"), all_labels())

    assert [int(one.tissue) for one in materials] == [0, 1, 2, 3, 4, 5, 6, 7, 9]
    for one in materials:
        assert sum(one.substance.composition.values()) == pytest.approx(1, abs=0.003)
        assert one.source
        assert 1e-3 < one.substance.density_g_cm3 < 2


def test_compounds_are_as_their_formula_has_them() -> None:
    weight = {"H": 1.008, "C": 12.011, "O": 15.999, "Si": 28.085}
    formulas = {
        "silicone": {"H": 6, "C": 2, "O": 1, "Si": 1},
        "PMMA": {"H": 8, "C": 5, "O": 2},
    }
    materials = {
        one.substance.name: one.substance
        for one in materials_of(with_implants("silicone"), all_labels())
    }
    for name, formula in formulas.items():
        mass = sum(count * weight[symbol] for symbol, count in formula.items())
        for symbol, count in formula.items():
            assert materials[name].composition[symbol] == pytest.approx(
                count * weight[symbol] / mass, abs=1e-4
            )


def test_saline_is_nine_grams_of_salt_in_a_liter() -> None:
    materials = materials_of(with_implants("saline"), all_labels())
    (saline,) = [one.substance for one in materials if one.tissue == Tissue.IMPLANT]

    salt = 9.0 / (1000 * saline.density_g_cm3)
    sodium = salt * 22.990 / (22.990 + 35.45)
    assert saline.composition["Na"] == pytest.approx(sodium, abs=1e-4)
    assert saline.composition["Cl"] == pytest.approx(salt - sodium, abs=1e-4)
    assert saline.composition["H"] == pytest.approx(0.111894 * (1 - salt), abs=1e-4)


def test_masses_agree_with_glandularity_by_mass() -> None:
    density = {
        one.tissue: one.substance.density_g_cm3
        for one in materials_of(with_implants(), all_labels())
    }
    gland, fat = 0.2 * density[Tissue.GLAND], 0.8 * density[Tissue.FAT]
    assert gland / (gland + fat) == pytest.approx(mass_fraction(0.2))


def test_implants_of_two_kinds_cannot_share_a_number() -> None:
    with pytest.raises(InputError, match="filled with saline and silicone"):
        materials_of(with_implants("silicone", "saline"), all_labels())


def test_the_series_reads_back_as_tissue_numbers_on_the_scan(tmp_path: Path) -> None:
    files = export(small_breast(), tmp_path, ["dicom-labels"], cylinder=True)
    ct = small_breast().ct

    numbers = read_ct(tmp_path / "segmentation_B 1")
    expected = small_breast().label_map(cylinder=True).numbers
    np.testing.assert_array_equal(numbers.hu, expected)
    assert numbers.grid.is_same_as(ct.grid)
    assert numbers.study == ct.study
    images = [dcmread(file) for file in files]
    assert {tuple(image.ImageType[:2]) for image in images} == {
        ("DERIVED", "SECONDARY")
    }
    assert len({image.SOPInstanceUID for image in images}) == len(files)
    assert [
        image.SourceImageSequence[0].ReferencedSOPInstanceUID for image in images
    ] == list(ct.sop_instance_uids)
    heights = [float(image.ImagePositionPatient[2]) for image in images]
    np.testing.assert_allclose(np.diff(heights), 0.9, atol=1e-6)
    assert dciodvfy_errors(files[5]) == []


class Phantom:
    """An .egsphant as DOSXYZnrc reads it: words, whatever the lines."""

    def __init__(self, text: str) -> None:
        lines = iter(text.splitlines())
        self.media = [next(lines) for _ in range(int(next(lines)))]
        assert len(next(lines).split()) == len(self.media)
        nx, ny, nz = (int(word) for word in next(lines).split())
        rest = [line for line in lines if line.strip()]
        self.borders = [
            np.array([float(word) for word in rest[n].split()]) for n in range(3)
        ]
        assert [len(along) for along in self.borders] == [nx + 1, ny + 1, nz + 1]
        rows = rest[3 : 3 + nz * ny]
        assert {len(row) for row in rows} == {nx}
        self.signs = np.array([list(row) for row in rows]).reshape(nz, ny, nx)
        words = " ".join(rest[3 + nz * ny :]).split()
        self.density = np.array(words, float).reshape(nz, ny, nx)

    def at(self, position_mm: np.ndarray) -> tuple[str, float]:
        """Medium and density at a position (x, y, z)."""
        i, j, k = (
            int(np.searchsorted(along, value / 10)) - 1
            for along, value in zip(self.borders, position_mm, strict=True)
        )
        return self.media[int(self.signs[k, j, i], 36) - 1], self.density[k, j, i]


@pytest.mark.parametrize("turned_back", [False, True])
def test_an_egsphant_has_each_tissue_at_its_place_in_the_patient(
    turned_back: bool,  # noqa: FBT001
) -> None:
    breast = small_breast()
    label_map = breast.label_map()
    if turned_back:  # coronal slices, chest wall first
        label_map = LabelMap(breast.numbers, breast.turned.grid, labels=LABELS)
    names = {number: f"medium {number}" for number in (0, 1, 2, 3, 4, 6)}
    densities = {number: 0.5 + number / 8 for number in names}

    phantom = Phantom(egsphant_bytes(label_map, names, densities).decode())

    assert phantom.media == [name.replace(" ", "_") for name in names.values()]
    rng = np.random.default_rng(3)
    for index in rng.integers(0, label_map.grid.shape, (200, 3)):
        number = int(label_map.numbers[tuple(index)])
        position = label_map.grid.to_patient(index)
        assert phantom.at(position) == (f"medium_{number}", densities[number])
    counted = np.unique(phantom.signs, return_counts=True)[1]
    np.testing.assert_array_equal(
        counted, np.unique(label_map.numbers, return_counts=True)[1]
    )


def test_an_egsphant_of_a_turned_scan_is_refused() -> None:
    grid = small_breast().ct.grid
    oblique = replace(grid, axes=((0.0, 0.0, 1.0), (-0.6, 0.8, 0.0), (0.8, 0.6, 0.0)))
    label_map = LabelMap(small_breast().label_map().numbers, oblique)

    with pytest.raises(GeometryError, match="are not those of the patient"):
        egsphant_bytes(label_map, {0: "air"}, {0: 1e-3})


def test_an_egsphant_comes_with_its_materials(tmp_path: Path) -> None:
    phantom, materials = export(small_breast(), tmp_path, ["egsphant"])

    media = Phantom(phantom.read_text()).media
    told = json.loads(materials.read_text())["labels"].values()
    assert media == [one["material"].replace(" ", "_") for one in told]


def test_axial_slices_of_the_fixture_hold_the_same_scan() -> None:
    """What the other tests lean on: the same voxel lies at the same place."""
    breast = small_breast()
    again = axial(
        replace(breast.ct, array=breast.turned.array, grid=breast.turned.grid)
    )
    assert again.grid.is_same_as(breast.ct.grid)
    np.testing.assert_array_equal(again.hu, breast.ct.hu)
