"""A segmented breast as files for people and for other programs."""
