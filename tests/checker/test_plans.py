"""Every plan of generated programmes is right by the checker, and a run does what it says."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from tests.checker.check import findings, status_of
from tests.checker.entries import answers
from tests.checker.folder import Folder
from tests.checker.judge import Judge
from tests.checker.product import Outcome, call, tree
from tests.checker.programmes import Programme, changes_of_clocks, programmes

CHANGES = changes_of_clocks()
OTHER_RULES = ("equal", "turns", "total")

# The same examples in every run, so that a failure is one of the change at hand.
# Nothing is shrunk: that takes minutes, and the checker's sentence says more than a smaller file.
_ordinary = settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
_long = settings(_ordinary, max_examples=40, derandomize=False)


@contextmanager
def written_out(programme: Programme) -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        yield programme.write(Path(folder))


def planned(config: Path, now: str, command: str = "plan") -> Outcome:
    """Return what a pass says, checked against the raw files."""
    before = tree(config.parent)
    outcome = call(config, now, command)
    assert outcome.status in {0, 1, 3}, outcome.complaints
    if command == "plan":
        assert tree(config.parent) == before, "a plan changed a file"
    return outcome


def is_unreadable(config: Path, outcome: Outcome) -> bool:
    """Tell whether nobody at all could be read, which is a failure and no plan."""
    judge = Judge(Folder(config.parent), 0)
    couples = [couple for couple in judge.folder.couples if couple.is_booked]
    people = {email for couple in couples for email in couple.people}
    return bool(outcome.document["unreadable"]) and all(judge.entries(p) is None for p in people)


def check_plan(programme: Programme) -> None:
    with written_out(programme) as config:
        first, second = (planned(config, programme.now) for _ in range(2))
        assert first.text == second.text, "two plans of the same inputs differ"
        document = first.document
        assert findings(config.parent, document) == []
        assert first.status == status_of(document, nobody_readable=is_unreadable(config, first))


def check_run(programme: Programme) -> None:
    with written_out(programme) as config:
        folder = config.parent
        calendars = tree(folder / "calendars")
        done = planned(config, programme.now, "run").document
        assert findings_as_planned(programme, done) == []
        assert [each["result"] for each in done["actions"]] == ["done"] * len(done["actions"])
        check_events(folder, done, calendars)
        before = tree(folder, store=False)
        again = planned(config, programme.now, "run").document
        assert tree(folder, store=False) == before, "a second run wrote something"
        assert outlines(again) == [
            {**each, "kind": "keep" if each["kind"] == "book" else each["kind"]}
            for each in outlines(done)
        ]
        later = planned(config, programme.later).document
        assert findings(folder, later, [done]) == []


def findings_as_planned(programme: Programme, done: dict[str, Any]) -> list[str]:
    """Check what a run says it did against the files as they were before it."""
    with written_out(programme) as config:
        return findings(config.parent, done)


def outlines(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what a second run has to repeat of each action."""
    keys = ("kind", "pair", "occurrence", "uid", "start", "end", "room", "share", "balance")
    return [{key: action[key] for key in keys} for action in document["actions"]]


def check_events(folder: Path, document: dict[str, Any], before: dict[str, str]) -> None:
    """Check that the calendars hold exactly the booked meetings besides what was in them."""
    expected = {
        f"{owner}/{action['uid']}.ics": action
        for action in document["actions"]
        if action["kind"] == "book"
        for owner in {action["organizer"], *action["attendees"], action["room"]} - {None}
    }
    after = tree(folder / "calendars")
    assert {name: after.get(name) for name in before} == before, "somebody's entry changed"
    new = {name for name in after if name not in before and name.endswith(".ics")}
    assert new == set(expected)
    for name, action in expected.items():
        check_event((folder / "calendars" / name).read_bytes(), action)


def check_event(content: bytes, action: dict[str, Any]) -> None:
    event: Any
    [event] = Calendar.from_ical(content).walk("VEVENT")
    assert str(event["UID"]) == action["uid"]
    assert f"{event['DTSTART'].dt:%Y-%m-%dT%H:%M:%SZ}" == action["start"]
    assert f"{event['DTEND'].dt:%Y-%m-%dT%H:%M:%SZ}" == action["end"]
    assert int(event["SEQUENCE"]) == action["sequence"] == 0
    said = answers(event)
    assert set(said) == {*action["attendees"], action["room"]} - {None}
    if action["room"]:
        assert said[action["room"]] == "ACCEPTED"


@pytest.mark.parametrize("change", CHANGES, ids=str)
@_ordinary
@given(data=st.data())
def test_a_plan_around_a_change_of_clocks_is_right(change: date, data: st.DataObject) -> None:
    check_plan(data.draw(programmes(change)))


@pytest.mark.parametrize("rule", OTHER_RULES)
@pytest.mark.parametrize("change", CHANGES[::7], ids=str)
@_ordinary
@given(data=st.data())
def test_a_plan_by_another_rule_is_right(change: date, rule: str, data: st.DataObject) -> None:
    check_plan(data.draw(programmes(change, (rule,))))


@pytest.mark.parametrize("change", CHANGES[::2], ids=str)
@_ordinary
@given(data=st.data())
def test_a_run_writes_what_it_says_and_a_second_one_nothing(
    change: date, data: st.DataObject
) -> None:
    check_run(data.draw(programmes(change)))


@pytest.mark.exhaustive
@pytest.mark.parametrize("change", CHANGES, ids=str)
@_long
@given(data=st.data())
def test_many_plans_by_all_rules_are_right(change: date, data: st.DataObject) -> None:
    check_plan(data.draw(programmes(change, ("fair", *OTHER_RULES))))


@pytest.mark.exhaustive
@pytest.mark.parametrize("change", CHANGES, ids=str)
@settings(_long, max_examples=10)
@given(data=st.data())
def test_many_runs_write_what_they_say(change: date, data: st.DataObject) -> None:
    check_run(data.draw(programmes(change, ("fair", *OTHER_RULES))))
