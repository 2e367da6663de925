"""Link the rows of any table by a model: prepare, pair, learn, score, group, write. No home, no warehouse, no history of ids."""
