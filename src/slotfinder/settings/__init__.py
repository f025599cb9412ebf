"""The settings of a programme: slotfinder.toml and the environment, checked as a whole."""

from slotfinder.settings.build import Draft, MailSettings, Settings, load_settings, read_draft
from slotfinder.settings.google import GoogleSettings

__all__ = ["Draft", "GoogleSettings", "MailSettings", "Settings", "load_settings", "read_draft"]
