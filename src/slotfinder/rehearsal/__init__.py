"""Programmes played through: people who act on local calendars."""
