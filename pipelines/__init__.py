"""Pure stage logic: tables in, tables out. No Dagster, FastAPI, Great Expectations or SQLAlchemy here."""
