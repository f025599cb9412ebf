from tests.acceptance.folders import memory, no_settings_from_outside, tmp_path

__all__ = ["memory", "no_settings_from_outside", "tmp_path"]
