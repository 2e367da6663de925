"""Landing files -> raw tables, quarantine, manifest. One module per file format; every row is accounted for."""
