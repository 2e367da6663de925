"""The HTTP API: any identifier to the whole customer. Reads the serving index and the ledger, never the warehouse."""
