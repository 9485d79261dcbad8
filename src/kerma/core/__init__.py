"""The nouns: grids, volumes, results."""
