"""Structure sets."""
