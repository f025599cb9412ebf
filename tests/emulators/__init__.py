"""Strict local servers of calendar providers: independent judges of the clients."""
