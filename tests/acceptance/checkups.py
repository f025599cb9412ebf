"""What ``doctor`` found, in the shape tests ask for it."""

from typing import Protocol

from tests.acceptance.world import Json, Result


class Programme(Protocol):
    """A programme's folder with its command line, whatever its calendars are on."""

    def call(self, *arguments: str) -> Result: ...


def doctor(world: Programme, *options: str) -> tuple[int, list[Json]]:
    """Return the exit status and the findings, which are whole and in order."""
    result = world.call("doctor", "--json", *options)
    findings: list[Json] = result.json["findings"]
    levels = [each["level"] for each in findings]
    assert levels == sorted(levels, key=["error", "warning", "ok"].index)
    for each in findings:
        assert list(each) == ["level", "code", "subject", "message", "remedy"]
        assert each["subject"]
        assert each["message"]
        assert bool(each["remedy"]) == (each["level"] != "ok")
    assert result.err == ""
    assert result.status == int("error" in levels)
    return result.status, findings


def found(world: Programme, code: str, *options: str) -> Json:
    """Return the only finding of a code."""
    _, findings = doctor(world, *options)
    [one] = [each for each in findings if each["code"] == code]
    return one


def worries(world: Programme, *options: str) -> dict[str, str]:
    """Return the levels of all that is not fine, by code."""
    _, findings = doctor(world, *options)
    return {each["code"]: each["level"] for each in findings if each["level"] != "ok"}
