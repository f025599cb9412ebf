"""How a store gets from one schema to the next (Alembic)."""
