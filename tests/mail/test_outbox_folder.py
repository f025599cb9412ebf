import os
import stat
from pathlib import Path

import pytest

from slotfinder.errors import WriteError
from slotfinder.mail.outbox_folder import OutboxFolder
from slotfinder.ports import Message

MESSAGE = Message(key="u1.0.request.ab", recipient="tom@acme.example", content=b"A: b\r\n\r\nc\r\n")


def test_writes_the_very_bytes_under_the_key(tmp_path: Path) -> None:
    OutboxFolder(tmp_path / "not" / "yet").send(MESSAGE)

    (file,) = (tmp_path / "not" / "yet").iterdir()
    assert file.name == "u1.0.request.ab.eml"
    assert file.read_bytes() == MESSAGE.content


def test_leaves_a_file_that_stands_there_already(tmp_path: Path) -> None:
    (tmp_path / "u1.0.request.ab.eml").write_bytes(b"as it was")

    OutboxFolder(tmp_path).send(MESSAGE)

    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"as it was"]


def test_a_write_that_breaks_off_leaves_no_mail_and_the_next_one_mends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        with pytest.raises(WriteError, match="No space left") as caught:
            OutboxFolder(tmp_path).send(MESSAGE)
    assert caught.value.code == "provider-unavailable"
    assert list(tmp_path.glob("*.eml")) == []

    OutboxFolder(tmp_path).send(MESSAGE)

    assert [file.read_bytes() for file in tmp_path.iterdir()] == [MESSAGE.content]


def test_a_folder_that_cannot_be_made_is_told_without_the_recipient(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(WriteError) as caught:
        OutboxFolder(tmp_path / "file" / "outbox").send(MESSAGE)

    assert caught.value.code == "provider-unavailable"
    assert "tom" not in str(caught.value)


def test_what_a_killed_run_left_is_written_over(tmp_path: Path) -> None:
    (tmp_path / f".{MESSAGE.key}.part").write_bytes(b"half a mail, longer than the whole one")

    OutboxFolder(tmp_path).send(MESSAGE)

    assert [file.read_bytes() for file in tmp_path.iterdir()] == [MESSAGE.content]


@pytest.mark.parametrize(("umask", "mode"), [(0, 0o644), (0o077, 0o600)])
def test_nobody_else_may_write_a_mail_and_the_umask_is_kept(
    tmp_path: Path, umask: int, mode: int
) -> None:
    before = os.umask(umask)
    try:
        OutboxFolder(tmp_path).send(MESSAGE)
    finally:
        os.umask(before)

    [file] = tmp_path.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == mode


@pytest.mark.parametrize("there_already", [False, True])
def test_the_name_of_a_mail_outlives_a_power_loss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, there_already: bool
) -> None:
    file = tmp_path / f"{MESSAGE.key}.eml"
    if there_already:
        file.touch()
    named: list[bool] = []

    def note(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            named.append(file.exists())

    monkeypatch.setattr("os.fsync", note)
    OutboxFolder(tmp_path).send(MESSAGE)

    assert named == [True]
