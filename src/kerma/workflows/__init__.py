"""The clinical procedures."""
