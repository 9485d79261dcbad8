"""Which field of a plan stands in which element, for reading and writing alike."""

from __future__ import annotations

__all__ = [
    "ANGLES",
    "CARRIED_NUMBERS",
    "DIRECTIONS",
    "PLAN_TEXTS",
    "REFERENCE_DOSES",
    "RT_PLAN",
]

RT_PLAN = "1.2.840.10008.5.1.4.1.1.481.5"

PLAN_TEXTS = {
    "label": "RTPlanLabel",
    "name": "RTPlanName",
    "description": "RTPlanDescription",
    "date": "RTPlanDate",
    "time": "RTPlanTime",
    "intent": "PlanIntent",
    "prescription_description": "PrescriptionDescription",
    "approval_status": "ApprovalStatus",
    "series_description": "SeriesDescription",
}

REFERENCE_DOSES = {
    "target_prescription_gy": "TargetPrescriptionDose",
    "target_minimum_gy": "TargetMinimumDose",
    "target_maximum_gy": "TargetMaximumDose",
    "delivery_warning_gy": "DeliveryWarningDose",
    "delivery_maximum_gy": "DeliveryMaximumDose",
    "organ_full_volume_gy": "OrganAtRiskFullVolumeDose",
    "organ_limit_gy": "OrganAtRiskLimitDose",
    "organ_maximum_gy": "OrganAtRiskMaximumDose",
}

ANGLES = {
    "gantry_angle": "GantryAngle",
    "collimator_angle": "BeamLimitingDeviceAngle",
    "couch_angle": "PatientSupportAngle",
    "table_top_angle": "TableTopEccentricAngle",
}

DIRECTIONS = {
    "gantry_direction": "GantryRotationDirection",
    "collimator_direction": "BeamLimitingDeviceRotationDirection",
    "couch_direction": "PatientSupportRotationDirection",
    "table_top_direction": "TableTopEccentricRotationDirection",
}

CARRIED_NUMBERS = {
    "energy": "NominalBeamEnergy",
    "dose_rate": "DoseRateSet",
    "table_top_pitch": "TableTopPitchAngle",
    "table_top_roll": "TableTopRollAngle",
    "table_top_vertical": "TableTopVerticalPosition",
    "table_top_longitudinal": "TableTopLongitudinalPosition",
    "table_top_lateral": "TableTopLateralPosition",
}
"""Numbers of a control point that hold until another is stated."""
