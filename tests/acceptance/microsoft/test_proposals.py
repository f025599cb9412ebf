"""An attendee answers "maybe" and proposes another time: a coordinator decides."""

from datetime import datetime, timedelta
from pathlib import Path

from tests.acceptance.microsoft.world import Office, office
from tests.acceptance.world import PRIYA, Json
from tests.emulators import people


def todo(found: Office) -> list[Json]:
    return list(found.call("todo", "--json").json["todo"])


def test_a_new_time_is_proposed_to_the_coordinator_and_never_taken_by_itself(
    tmp_path: Path,
) -> None:
    with office(tmp_path) as found:
        found.programme.write()
        found.run()
        meeting = found.meeting()
        assert isinstance(meeting.start, datetime)
        start = meeting.start + timedelta(hours=1)
        people.propose(found.world, PRIYA, meeting.uid, start, start + timedelta(minutes=45))
        result = found.run()

        assert (result.status, result.kinds) == (0, ["keep"])
        [row] = todo(found)
        assert (row["pair"], row["reason_code"]) == ("p01", "new-time")
        assert row["command"][-1] == f"{start:%Y-%m-%dT%H:%M:%SZ}"

        done = found.call(*row["command"][1:], "--json")
        assert (done.status, done.kinds) == (0, ["move"])
        assert found.meeting().start == start
        assert found.run().kinds == ["keep"]
        assert todo(found) == []
