"""The contracts: what every table, source mapping, field and setting is. Nothing here does work."""
