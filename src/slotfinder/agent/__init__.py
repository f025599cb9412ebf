"""The use cases: one scheduled pass, and what coordinators ask."""
