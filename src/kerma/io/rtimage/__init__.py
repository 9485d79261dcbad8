"""Portal images."""
