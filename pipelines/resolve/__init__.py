"""One new record against everybody there is, in milliseconds and without the warehouse: by what the serving index holds for it."""
