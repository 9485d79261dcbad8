"""The physics of CT in radiotherapy: from the CT number to the patient's dose."""

__version__ = "0.1.0.dev0"
