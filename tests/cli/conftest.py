import pytest

from tests.acceptance.folders import memory, module_folder, no_settings_from_outside, tmp_path

__all__ = ["memory", "module_folder", "no_settings_from_outside", "tmp_path"]


@pytest.fixture(autouse=True)
def no_width_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the width of the machine's own terminal out of the tests."""
    monkeypatch.delenv("COLUMNS", raising=False)
