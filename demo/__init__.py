"""The demo: seeded extracts of an invented company, as dirty as real ones, with the truth beside them. Evaluation alone reads the truth."""
