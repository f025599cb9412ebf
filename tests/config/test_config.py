"""What config/ offers to copy is what the tools it is for take."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from slotfinder.cli.main import run

CONFIG = Path(__file__).parents[2] / "config"
PROGRAM = "/opt/slotfinder/bin/slotfinder"
STATE = "/var/lib/slotfinder"
INSTALLED = Path(sys.executable).with_name("slotfinder")


def checked(*command: str) -> None:
    """Run a checker; what it complains of is the test's own message."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, done.stdout + done.stderr)


@pytest.fixture
def programme(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CONFIG / "programme", tmp_path / "programme"))


def test_the_example_programme_runs_as_it_stands(
    programme: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, now = str(programme / "slotfinder.toml"), "2027-01-03T06:00:00Z"
    assert run(["--config", config, "--now", now, "run", "--json"]) == 0
    told = capsys.readouterr()
    assert "Warning" not in told.err
    actions = json.loads(told.out)["actions"]
    assert {each["kind"] for each in actions} == {"book"}
    assert {each["pair"] for each in actions} == {"p01", "p02", "p03", "p04"}
    assert {each["format"] for each in actions} == {"virtual", "in-person"}

    assert run(["--config", config, "--now", now, "run", "--json"]) == 0
    assert {each["kind"] for each in json.loads(capsys.readouterr().out)["actions"]} == {"keep"}


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd here")
def test_systemd_takes_the_service_and_its_timer(tmp_path: Path) -> None:
    units = [shutil.copy(each, tmp_path) for each in (CONFIG / "systemd").iterdir()]
    service = tmp_path / "slotfinder.service"
    assert PROGRAM in service.read_text("utf-8")
    service.write_text(service.read_text("utf-8").replace(PROGRAM, str(INSTALLED)), "utf-8")
    checked("systemd-analyze", "verify", "--man=no", *map(str, units))


def test_the_crontab_has_one_line_that_is_due_and_runs(programme: Path) -> None:
    text = (CONFIG / "crontab").read_text("utf-8")
    text = text.replace(PROGRAM, f"{INSTALLED} --now 2027-01-03T06:00:00Z")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    setting, entry = (each.replace(STATE, str(programme)) for each in lines)
    name, _, value = setting.partition("=")
    *due, command = entry.split(maxsplit=5)
    assert all(re.fullmatch(r"[0-9,*/-]+", each) for each in due)
    assert "%" not in command  # which cron would take for the end of the line
    done = subprocess.run(
        ["/bin/sh", "-c", command], env={**os.environ, name: value}, check=False, cwd="/"
    )
    assert done.returncode == 0
    assert "run-ended" in (programme / "run.log").read_text("utf-8")


def test_kubernetes_knows_every_field_of_the_cron_job() -> None:
    checked(
        str(INSTALLED.with_name("kubernetes-validate")), "--strict", str(CONFIG / "kubernetes.yaml")
    )


@pytest.mark.parametrize(("status", "of_the_job"), [(0, 0), (1, 1), (2, 2), (3, 0), (75, 0)])
def test_the_cron_job_fails_only_where_slotfinder_did(
    tmp_path: Path, status: int, of_the_job: int
) -> None:
    done = subprocess.run(of_the_cron_job(tmp_path, f"exit {status}"), check=False)
    assert done.returncode == of_the_job


def test_a_cron_job_that_is_told_to_stop_lets_slotfinder_end(tmp_path: Path) -> None:
    script = "trap 'exit 1' TERM; echo begun; while :; do read -t 1 _ < /dev/zero; done"
    command = of_the_cron_job(tmp_path, script)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 1


def of_the_cron_job(folder: Path, script: str) -> list[str]:
    """Return the job's command with a script in the product's place."""
    documents = yaml.safe_load_all((CONFIG / "kubernetes.yaml").read_text("utf-8"))
    [job] = [each for each in documents if each["kind"] == "CronJob"]
    [container] = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    program = folder / "slotfinder"
    program.write_text(f"#!/bin/bash\n{script}\n", "utf-8")
    program.chmod(0o755)
    return [
        *container["command"],
        *(each.replace(PROGRAM, str(program)) for each in container["args"]),
    ]


def test_the_containerfile_is_as_hadolint_asks() -> None:
    checked(str(INSTALLED.with_name("hadolint")), str(CONFIG / "Containerfile"))


def test_the_containerfile_copies_only_what_there_is() -> None:
    text = (CONFIG / "Containerfile").read_text("utf-8")
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE)
    missing = [
        each for line in copied for each in line.split() if not (CONFIG.parent / each).exists()
    ]
    assert copied
    assert missing == []
