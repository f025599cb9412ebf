"""The settings of a programme: slotfinder.toml and the environment, checked as a whole."""

from slotfinder.settings.build import Draft, MailSettings, Settings, load_settings, read_draft

__all__ = ["Draft", "MailSettings", "Settings", "load_settings", "read_draft"]
