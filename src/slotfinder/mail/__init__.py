"""Delivers finished messages: into a folder, or to a mail server."""
