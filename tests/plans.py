"""A small plan with everything in it, whose numbers are known."""

from __future__ import annotations

from kerma.core.beam import (
    Applicator,
    Beam,
    BeamType,
    Block,
    LimitingDevice,
    Wedge,
)
from kerma.core.control_point import (
    ControlPoint,
    Opening,
    RotationDirection,
    WedgePosition,
)
from kerma.core.plan import (
    BeamInFraction,
    DoseReference,
    FractionGroup,
    PatientSetup,
    Plan,
)
from kerma.core.study import Study

__all__ = ["arc", "plan", "point", "setup_beam"]


def point(
    weight: float | None,
    *,
    gantry: float = 0.0,
    leaves: tuple[float, float] = (-10.0, 10.0),
    **more: object,
) -> ControlPoint:
    """A state of a machine with one pair of Y jaws and three pairs of leaves."""
    fields: dict[str, object] = {
        "gantry_angle": gantry,
        "collimator_angle": 30.0,
        "couch_angle": 0.0,
        "weight": weight,
        "isocenter": (1.0, -200.0, 3.5),
        "energy": 6.0,
        "dose_rate": 600.0,
        "openings": (
            Opening("ASYMY", (-15.0,), (20.0,)),
            Opening("MLCX", (leaves[0],) * 3, (leaves[1], 12.5, leaves[1])),
        ),
        "table_top_angle": 0.0,
        "table_top_vertical": -120.0,
    }
    return ControlPoint(**(fields | more))  # type: ignore[arg-type]  # checked there


def arc(**more: object) -> Beam:
    """A quarter turn in unequal steps, its leaves moving, the dose rate changing."""
    turning = RotationDirection.CLOCKWISE
    fields: dict[str, object] = {
        "number": 1,
        "name": "Arc",
        "machine": "LINAC",
        "beam_type": BeamType.DYNAMIC,
        "source_axis_distance": 1000.0,
        "patient_setup_number": 1,
        "devices": (
            LimitingDevice("ASYMY", source_distance=432.0),
            LimitingDevice("MLCX", 3, (-15.0, -5.0, 5.0, 15.0)),
        ),
        "control_points": (
            point(0.0, gantry=300.0, gantry_direction=turning),
            point(0.5, gantry=330.0, gantry_direction=turning, leaves=(-5.0, 5.0)),
            point(2.0, gantry=30.0, dose_rate=300.0, leaves=(-5.0, 5.0)),
        ),
    }
    return Beam(**(fields | more))  # type: ignore[arg-type]  # checked there


def electrons() -> Beam:
    """A static field with a cut-out, a shielding block, a wedge and a bolus."""
    states = [
        point(weight, wedge_positions=(WedgePosition(1, "IN"),), energy=9.0)
        for weight in (0.0, 1.0)
    ]
    outline = ((-20.0, -20.0), (20.0, -20.0), (0.0, 25.5))
    return arc(
        number=3,
        name="Boost",
        description="cut-out",
        beam_type=BeamType.STATIC,
        radiation_type="ELECTRON",
        control_points=tuple(states),
        wedges=(Wedge(1, "STANDARD", "W15", 15.0, 90.0, 0.8),),
        blocks=(
            Block(1, "APERTURE", outline, "Cut", "ABSENT", tray_distance=950.0),
            Block(
                2,
                "SHIELDING",
                outline,
                divergence="PRESENT",
                thickness=70.0,
                transmission=0.03,
                material="LEAD",
                tray="T1",
                mounting="SOURCE_SIDE",
            ),
        ),
        applicator=Applicator("A10", "ELECTRON_SQUARE", "10 x 10"),
        bolus_structure_numbers=(7, 8),
    )


def setup_beam() -> Beam:
    """A beam that only serves to set the patient up."""
    return arc(
        number=2,
        name="kV",
        beam_type=BeamType.STATIC,
        delivery_type="SETUP",
        control_points=(point(None), point(None)),
    )


def plan(**more: object) -> Plan:
    """Three beams: an arc of 200 MU, one for setup, electrons of 100 MU."""
    fields: dict[str, object] = {
        "label": "Breast",
        "name": "Breast left",
        "description": "three beams",
        "date": "20240102",
        "time": "101500",
        "intent": "CURATIVE",
        "approval_status": "APPROVED",
        "structure_set_uid": "1.2.3.9",
        "frame_of_reference": "1.2.3.8",
        "sop_instance_uid": "1.2.3.7",
        "series_instance_uid": "1.2.3.6",
        "study": Study(patient_id="P7", study_instance_uid="1.2.3.5"),
        "beams": (arc(), setup_beam(), electrons()),
        "fraction_groups": (
            FractionGroup(
                1,
                25,
                (
                    BeamInFraction(1, 200.0, 1.5, (1.0, -200.0, 3.5)),
                    BeamInFraction(2),
                    BeamInFraction(3, 100.0),
                ),
            ),
        ),
        "dose_references": (
            DoseReference(
                1,
                "VOLUME",
                "TARGET",
                "PTV",
                "1.2.3.4",
                structure_number=5,
                target_prescription_gy=50.0,
                target_minimum_gy=47.5,
                target_maximum_gy=53.5,
            ),
            DoseReference(
                2,
                "COORDINATES",
                "ORGAN_AT_RISK",
                point=(0.0, 1.0, 2.0),
                delivery_warning_gy=30.0,
                delivery_maximum_gy=40.0,
                organ_full_volume_gy=10.0,
                organ_limit_gy=20.0,
                organ_maximum_gy=45.0,
            ),
        ),
        "patient_setups": (PatientSetup(1, "HFS", "ISOCENTRIC"),),
    }
    return Plan(**(fields | more))  # type: ignore[arg-type]  # checked there
