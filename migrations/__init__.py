"""The history of the schema: one reversible revision a change, the same for SQLite and Postgres."""
