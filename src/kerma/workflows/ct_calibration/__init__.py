"""HU-RED calibration of a CT from a phantom scan, and its monthly constancy."""
