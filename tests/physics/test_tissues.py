from __future__ import annotations

import tomllib
from importlib import resources

import pytest

from kerma.errors import InputError
from kerma.physics import human_tissues, relative_electron_density
from kerma.physics.tissues import TISSUE_GROUPS, tissue_of


def test_the_composition_of_every_tissue_sums_to_100_percent() -> None:
    text = (resources.files("kerma.physics") / "data/tissues.toml").read_text("utf-8")
    rows = tomllib.loads(text)["tissues"]
    assert len(rows) >= 30
    for row in rows:
        assert sum(row["percent"].values()) == pytest.approx(100, abs=0.05), row["name"]


def test_every_tissue_has_a_source_and_a_name_of_its_own() -> None:
    names = [tissue.name for tissue in human_tissues()]
    assert len(set(names)) == len(names)
    assert all(tissue.source for tissue in human_tissues())


def test_every_group_of_a_look_up_table_has_tissues() -> None:
    for group in TISSUE_GROUPS:
        assert any(tissue.group == group for tissue in human_tissues())


@pytest.mark.parametrize(
    ("group", "low", "high"),
    [
        ("lung", 0.2, 0.3),
        ("adipose", 0.92, 1.0),
        ("soft", 1.0, 1.12),
        ("bone", 1.12, 1.8),
    ],
)
def test_the_electron_densities_of_a_group_lie_together(
    group: str, low: float, high: float
) -> None:
    for tissue in human_tissues():
        if tissue.group == group:
            assert low < relative_electron_density(tissue.substance) < high, tissue.name


def test_an_unknown_tissue_is_refused_with_the_list() -> None:
    assert tissue_of("Cranium").group == "bone"
    with pytest.raises(InputError, match="no tissue 'Skull'; there are Lung"):
        tissue_of("Skull")
