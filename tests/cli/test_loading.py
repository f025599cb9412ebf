"""What a command loads: a programme without clouds pays for none."""

import subprocess
import sys
from pathlib import Path

from tests.acceptance.world import SUNDAY, simple

_SHOW = (
    "import sys; from slotfinder.cli.main import run; status = run(sys.argv[1:]); "
    "loaded = {name.partition('.')[0] for name in sys.modules}; "
    "clouds = {'google', 'googleapiclient', 'httplib2', 'tenacity', 'httpx'}; "
    "print(status, *sorted(loaded & clouds))"
)


def test_a_plan_of_local_calendars_loads_no_cloud(tmp_path: Path) -> None:
    world = simple(tmp_path)
    arguments = ("--config", str(world.config), "--now", SUNDAY, "plan", "--json")
    done = subprocess.run(
        [sys.executable, "-c", _SHOW, *arguments], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "0"
