"""A result turned into pages and tables."""
