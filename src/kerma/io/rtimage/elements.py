"""Which field of a portal image stands in which element, for reading and writing."""

from __future__ import annotations

__all__ = [
    "ANGLES",
    "BLANK_IF_UNKNOWN",
    "ELEKTA_CREATOR",
    "ELEKTA_GROUP",
    "ELEKTA_SCALING",
    "EXPOSURE",
    "LENGTHS",
    "REFERENCES",
    "RT_IMAGE",
    "TEXTS",
]

RT_IMAGE = "1.2.840.10008.5.1.4.1.1.481.1"

TEXTS = {
    "label": "RTImageLabel",
    "description": "RTImageDescription",
    "machine": "RadiationMachineName",
    "dosimeter_unit": "PrimaryDosimeterUnit",
    "manufacturer": "Manufacturer",
    "model": "ManufacturerModelName",
    "station": "StationName",
    "date": "AcquisitionDate",
    "time": "AcquisitionTime",
    "series_description": "SeriesDescription",
}

LENGTHS = {
    "source_detector_distance": "RTImageSID",
    "source_axis_distance": "RadiationMachineSAD",
}

ANGLES = {
    "receptor_angle": "XRayImageReceptorAngle",
    "gantry_angle": "GantryAngle",
    "collimator_angle": "BeamLimitingDeviceAngle",
    "couch_angle": "PatientSupportAngle",
}

EXPOSURE = {
    "kv": "KVP",
    "meterset": "MetersetExposure",
    "tube_current_ma": "XRayTubeCurrent",
    "time_ms": "ExposureTime",
}

REFERENCES = {
    "beam_number": "ReferencedBeamNumber",
    "fraction_group": "ReferencedFractionGroupNumber",
    "fraction_number": "FractionNumber",
}

BLANK_IF_UNKNOWN = (
    "RadiationMachineName",
    "PrimaryDosimeterUnit",
    "RTImageSID",
    "RadiationMachineSAD",
    "XRayImageReceptorAngle",
    "RTImagePosition",
)
"""Elements of type 2 (PS3.3, C.8.8.2)."""

ELEKTA_GROUP = 0x0021
ELEKTA_CREATOR = "Elekta: Portal image"
ELEKTA_SCALING = 0x02  # the pixel scaling factor, in the block of this creator
