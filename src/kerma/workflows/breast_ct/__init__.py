"""Breast CT: its tissues, and how much of it is gland."""
