from __future__ import annotations

import pytest

from kerma.core.phantom import Phantom
from kerma.errors import InputError
from kerma.simulation.changes import InsertChange, by_insert, missing, swapped


def test_a_swap_gives_each_place_the_material_of_the_other(phantom: Phantom) -> None:
    first, second = swapped(phantom, "left", "back")
    assert (first.insert, first.material) == ("left", "fat")
    assert (second.insert, second.material) == ("back", "bone")


def test_a_missing_rod_is_air_and_no_material(phantom: Phantom) -> None:
    change, insert = missing("left"), phantom.inserts[0]
    assert change.material_key(insert) is None
    assert change.true_hu(insert, phantom, 120.0) == -1000


def test_a_delivered_rod_deviates_from_its_material_at_the_voltage(
    phantom: Phantom,
) -> None:
    """Bone is 800 HU at 120 kV and 1100 HU at 80 kV."""
    change, insert = InsertChange("left", deviation_hu=-15.0), phantom.inserts[0]
    assert change.material_key(insert) == "bone"
    assert change.true_hu(insert, phantom, 120.0) == 785
    assert change.true_hu(insert, phantom, 80.0) == 1085


def test_changes_that_make_no_sense_are_refused(phantom: Phantom) -> None:
    with pytest.raises(InputError, match="no insert 'top'; there are left, back"):
        by_insert([InsertChange("top")], phantom)
    with pytest.raises(InputError, match="no insert 'top'"):
        swapped(phantom, "left", "top")
    with pytest.raises(InputError, match="'left' is changed twice"):
        by_insert([missing("left"), InsertChange("left")], phantom)
    with pytest.raises(InputError, match="either a material"):
        InsertChange("left", material="bone", hu=3.0)
    with pytest.raises(InputError, match="no material 'gold'; there are bone"):
        InsertChange("left", material="gold").true_hu(
            phantom.inserts[0], phantom, 120.0
        )
