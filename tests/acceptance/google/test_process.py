"""The programme as a scheduler runs it: processes of their own, from the first plan to a move."""

import json
from pathlib import Path

from tests.acceptance.google.world import office
from tests.acceptance.world import PRIYA, TOM
from tests.emulators import people


def test_the_whole_story_leaves_nothing_behind_and_asks_nobody_but_google(tmp_path: Path) -> None:
    with office(tmp_path) as found:
        found.programme.set("virtual", conference="auto").write()
        for day in ("04", "05", "06"):
            found.busy(PRIYA, f"2027-01-{day}T08:00", f"2027-01-{day}T18:00")
        results = [found.spawn(*words) for words in (("plan", "--json"), ("run", "--json"))]
        assert found.meeting().uid == results[1].action["uid"]
        writes = found.writes()
        results.append(found.spawn("run", "--json"))
        assert (results[2].kinds, found.writes()) == (["keep"], writes)

        people.answer(found.world, PRIYA, found.meeting().uid, "declined")
        results.append(found.spawn("run", "--json"))
        people.delete(found.world, found.meeting().uid)
        results.append(found.spawn("run"))
        results.append(found.spawn("--verbose", "status"))

        assert [each.status for each in results] == [0] * 6, [each.err for each in results]
        assert results[0].err == results[-1].err == ""
        lines = [json.loads(line) for each in results for line in each.err.splitlines()]
        assert {each["level"] for each in lines} == {"info"}
        assert len(found.meetings()) == 1
        assert found.told("invitation") == sorted([PRIYA, TOM] * 2)
        assert found.leaks(*results) == []
        secrets = (TOM, PRIYA, "ya29", "Bearer")
        assert not any(word in each.err for each in results for word in secrets)
