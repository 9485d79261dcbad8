"""Compiled inner loops: arrays and floats only."""
