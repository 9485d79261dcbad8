"""Digital phantoms and virtual scanners, whose right answer is known."""
