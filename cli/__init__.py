"""`hub`, the command line: parses, calls, prints."""
