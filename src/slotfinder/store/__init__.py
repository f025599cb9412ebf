"""What the agent remembers between runs: SQLAlchemy Core over SQLite."""
