from tests.acceptance.folders import memory, module_folder, no_settings_from_outside, tmp_path

__all__ = ["memory", "module_folder", "no_settings_from_outside", "tmp_path"]
