"""The commands: parse, call, report, exit."""
