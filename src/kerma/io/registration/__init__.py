"""Spatial registrations."""
