"""Whether the tables are what the contracts say. Counts only: no value of a row is ever read out, stored or shown."""
