"""The plan checker: a programme's raw files and the JSON of a plan, judged against compromise.md.

It shares no code with the planner. Open occurrences are taken to be chosen one after the other,
pairs in the file's order, each with the earlier ones fixed.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.checker.folder import Couple, Folder, read_instant, written
from tests.checker.judge import Booked, Judge, Numbers, Offer, booked
from tests.checker.periods import Turn, is_due
from tests.checker.rules import Worth, key, remembered, worth_of

Document = dict[str, Any]
Action = dict[str, Any]

_QUIET = {"not-agreed", "paused", "period-over"}
_ALTERNATIVES = 3


def findings(path: Path, document: Document, earlier: Sequence[Document] = ()) -> list[str]:
    """Return everything that is wrong with a plan; ``earlier`` are the runs before it."""
    return list(Checker(path, document, earlier).check())


def status_of(document: Document, *, nobody_readable: bool) -> int:
    """Return the exit status that goes with a plan."""
    if nobody_readable:
        return 1
    needs = [
        a for a in document["actions"] if a["kind"] == "hold" and a["reason_code"] not in _QUIET
    ]
    return 3 if needs or document["unreadable"] else 0


class Checker:
    """Judges one plan."""

    def __init__(self, path: Path, document: Document, earlier: Sequence[Document]) -> None:
        self.folder = Folder(path)
        self.document = document
        self.now = read_instant(document["now"])
        self.known_since = read_instant(earlier[0]["now"]) if earlier else self.now
        history = [
            booked(action)
            for each in earlier
            for action in each["actions"]
            if action["kind"] == "book"
        ]
        self.history = history
        self.judge = Judge(self.folder, self.now, history)
        names = {couple.name for couple in self.folder.couples}
        self.plan = [
            booked(action)
            for action in document["actions"]
            if action["kind"] == "book" and action["pair"] in names
        ]
        self._offers: dict[tuple[str, int, str], Offer] = {}

    def check(self) -> Iterator[str]:
        actions: list[Action] = list(self.document["actions"])
        for couple in self.folder.couples:
            mine = [action for action in actions if action["pair"] == couple.name]
            for problem in self._pair(couple, mine):
                yield f"{couple.name}: {problem}"
            actions = [action for action in actions if action["pair"] != couple.name]
        yield from (f"unknown pair in {action}" for action in actions)
        yield from self._together()
        yield from self._unreadable()
        yield from self._summary()

    # --- one pair ---

    def _pair(self, couple: Couple, actions: list[Action]) -> Iterator[str]:
        if not couple.is_booked:
            yield from self._stopped(couple, actions)
            return
        expected = list(self._expected(couple))
        numbers = [action["occurrence"] for action in actions]
        if numbers != [turn.number for turn, _, _ in expected]:
            yield f"has actions for {numbers}, expected {[(t.number, k) for t, k, _ in expected]}"
            return
        for (turn, kind, due), action in zip(expected, actions, strict=True):
            if action["period"] != [str(turn.first), str(turn.after)]:
                yield f"period {action['period']} should be {turn}"
            for problem in self._action(couple, turn, action, kind=kind, due=due):
                yield f"occurrence {turn.number} ({action['kind']} {action['start']}): {problem}"

    def _stopped(self, couple: Couple, actions: list[Action]) -> Iterator[str]:
        """Check a pair that is not booked: nothing, or one hold that says why."""
        code = "not-agreed" if couple.status == "active" else "paused"
        wanted = [] if couple.status in {"ended", "proposed"} else [("hold", None, code)]
        found = [(a["kind"], a["occurrence"], a["reason_code"]) for a in actions]
        if found != wanted:
            yield f"is {couple.status}, agreed {couple.agreed}: {found}, expected {wanted}"

    def _expected(self, couple: Couple) -> Iterator[tuple[Turn, str, bool]]:
        """Yield which periods need an action, which kind, and whether in person is due (§3)."""
        debt, before = False, None
        for turn in self.judge.turns[couple.name]:
            previous, before = before, turn
            if turn.end <= self.known_since:
                continue
            due = bool(self.folder.shared_site(couple)) and (debt or is_due(couple, turn, previous))
            meetings = self.judge.meetings_in(turn, couple)
            if meetings:
                if any(meeting.end > self.now for meeting in meetings):
                    yield turn, "keep", due
                debt = due and all(meeting.form == "virtual" for meeting in meetings)
            elif self.judge.is_near(turn):
                yield turn, "open", due
                debt = due and self._form(couple, turn, due=due) == "virtual"
            else:
                debt = due

    def _form(self, couple: Couple, turn: Turn, *, due: bool) -> str:
        """Return the format that is fixed before the choice."""
        if due and self.judge.is_readable(couple) and self._offer(couple, turn, "in-person").worth:
            return "in-person"
        return "virtual"

    def _offer(self, couple: Couple, turn: Turn, form: str) -> Offer:
        name = couple.name, turn.number, form
        if name not in self._offers:
            self._offers[name] = self.judge.offer(couple, turn, form)
        return self._offers[name]

    def _action(
        self,
        couple: Couple,
        turn: Turn,
        action: Action,
        *,
        kind: str,
        due: bool,
    ) -> Iterator[str]:
        if action["organizer"] != couple.organizer or action["attendees"] != list(couple.people):
            yield f"wrong people: {action['organizer']}, {action['attendees']}"
        if kind == "keep":
            yield from self._keep(couple, turn, action)
            return
        if not self.judge.is_readable(couple):
            over = self.judge.is_over(couple, turn, "virtual")
            code = "period-over" if over else "calendar-unreadable"
            yield from _hold(action, code)
            return
        form = self._form(couple, turn, due=due)
        offer = self._offer(couple, turn, form)
        rest = self._rest(couple, turn)
        if form == "in-person" and not self._possible(couple, offer, rest):
            offer = self._offer(couple, turn, "virtual")
        possible = self._possible(couple, offer, rest)
        if not possible:
            yield from _hold(action, offer.missing or self._lost(couple, offer, rest))
            return
        if action["kind"] != "book":
            yield f"{len(possible)} starts are possible ({written(possible[0])}), yet {action}"
            return
        yield from self._book(couple, turn, action, offer, possible)
        if due and offer.form == "virtual" and "in person was due" not in action["reason"]:
            yield "the reason does not tell that a meeting in person is owed"

    def _keep(self, couple: Couple, turn: Turn, action: Action) -> Iterator[str]:
        """Check a meeting that stays: its time, and the numbers stored when it was booked."""
        [meeting] = [m for m in self.judge.meetings_in(turn, couple) if m.end > self.now]
        if action["kind"] != "keep" or booked(action) != meeting:
            yield f"is not kept as {meeting}"

    def _book(
        self, couple: Couple, turn: Turn, action: Action, offer: Offer, possible: list[int]
    ) -> Iterator[str]:
        meeting = booked(action)
        if meeting.form != offer.form:
            yield f"is {meeting.form}, not {offer.form}"
            return
        if meeting.end - meeting.start != couple.duration:
            yield f"lasts until {action['end']}"
        if meeting.start not in possible:
            yield f"is no possible start; {len(possible)} are"
            return
        satisfaction, share = offer.worth[meeting.start], offer.share(meeting.start)
        if (meeting.satisfaction, meeting.share) != (satisfaction, share):
            yield f"satisfies {meeting.satisfaction}, {meeting.share}, not {satisfaction}, {share}"
        rest = self._rest(couple, turn)
        late = self._fallen_back(couple)
        known = rest if meeting in late else [each for each in rest if each not in late]
        best = self._ranked(offer, possible, self._series(couple, known))[0]
        if meeting.start != best:
            yield f"is worse than {written(best)}"
        until = self._series(couple, [each for each in rest if each.start < turn.start])
        yield from self._balance(action, [*until, worth_of(meeting)])
        yield from self._room(couple, meeting, rest)
        yield from self._alternatives(couple, offer, action)

    def _balance(self, action: Action, series: Sequence[Worth]) -> Iterator[str]:
        balance = {
            "mentor": 50 + sum(worth.satisfaction.mentor for worth in series),
            "mentee": 50 + sum(worth.satisfaction.mentee for worth in series),
        }
        if action["balance"] != balance:
            yield f"balance {action['balance']} should be {balance}"

    def _room(self, couple: Couple, meeting: Booked, others: Sequence[Booked]) -> Iterator[str]:
        rooms = []
        if meeting.form == "in-person":
            rooms = self._free_rooms(couple, meeting.start, others)
        if meeting.room != (rooms[0] if rooms else None):
            yield f"is in {meeting.room}, free are {rooms}"

    def _alternatives(self, couple: Couple, offer: Offer, action: Action) -> Iterator[str]:
        meeting = booked(action)
        others = [each for each in self.plan if each != meeting]
        possible = [t for t in self._possible(couple, offer, others) if t != meeting.start]
        ranked = self._ranked(offer, possible, self._series(couple, others))[:_ALTERNATIVES]
        wanted = [(written(start), offer.share(start)) for start in ranked]
        found = [(each["start"], Numbers(**each["share"])) for each in action["alternatives"]]
        if found != wanted:
            yield f"alternatives {found} should be {wanted}"

    # --- the choice ---

    def _rest(self, couple: Couple, turn: Turn) -> list[Booked]:
        """Return what a choice is judged beside: all that is planned but this very occurrence.

        Occurrences and pairs are chosen together; the best choice of all is also the best of each
        beside the others, which is what is checked here.
        """
        return [each for each in self.plan if each.pair != couple.name or not turn.has(each.start)]

    def _fallen_back(self, couple: Couple) -> list[Booked]:
        """Return what was planned once more as virtual when all else was fixed (§3)."""
        fixed = [
            turn
            for turn, kind, due in self._expected(couple)
            if kind == "open" and self._form(couple, turn, due=due) == "in-person"
        ]
        return [
            each
            for each in self.plan
            if each.pair == couple.name
            and each.form == "virtual"
            and any(turn.has(each.start) for turn in fixed)
        ]

    def _series(self, couple: Couple, planned: Sequence[Booked]) -> list[Worth]:
        mine = [meeting for meeting in self.history if meeting.pair == couple.name]
        memory = self.folder.number("compromise", "memory")
        ours = [worth_of(meeting) for meeting in planned if meeting.pair == couple.name]
        return [*remembered(mine, memory), *ours]

    def _ranked(self, offer: Offer, starts: Sequence[int], rest: Sequence[Worth]) -> list[int]:
        return sorted(
            starts,
            key=lambda t: key(Worth(t, offer.worth[t], offer.share(t)), rest, self.folder),
        )

    def _possible(self, couple: Couple, offer: Offer, others: Sequence[Booked]) -> list[int]:
        return [
            start
            for start in offer.worth
            if self._is_apart(couple, start, others)
            and not any(self._collides(couple, offer.form, start, other) for other in others)
            and (offer.form == "virtual" or self._has_room(couple, start, others))
        ]

    def _is_apart(self, couple: Couple, start: int, others: Sequence[Booked]) -> bool:
        gap = self.folder.minutes("cadence", "gap")
        return all(abs(start - m.start) >= gap for m in others if m.pair == couple.name)

    def _collides(self, couple: Couple, form: str, start: int, other: Booked) -> bool:
        """Tell whether two planned meetings that share a person are in each other's buffers."""
        if not set(couple.people) & set(other.people):
            return False
        theirs = next(each for each in self.folder.couples if each.name == other.pair)
        margin = max(self._margin(couple, form), self._margin(theirs, other.form))
        return max(start - margin, other.start) < min(start + couple.duration + margin, other.end)

    def _margin(self, couple: Couple, form: str) -> int:
        return self.folder.margin(form, self.folder.shared_site(couple))

    def _has_room(self, couple: Couple, start: int, others: Sequence[Booked]) -> bool:
        site = self.folder.shared_site(couple)
        return not self.folder.rooms(site) or bool(self._free_rooms(couple, start, others))

    def _free_rooms(self, couple: Couple, start: int, others: Sequence[Booked]) -> list[str]:
        end = start + couple.duration
        taken = {o.room for o in others if max(o.start, start) < min(o.end, end)}
        rooms = self.folder.rooms_for(couple)
        return [r for r in rooms if r not in taken and self.judge.room_is_free(r, start, end)]

    def _lost(self, couple: Couple, offer: Offer, others: Sequence[Booked]) -> str:
        """Return why none of the candidates can be chosen."""
        apart = any(self._is_apart(couple, start, others) for start in offer.worth)
        return "taken" if apart else "gap-too-small"

    # --- everything together ---

    def _together(self) -> Iterator[str]:
        """Check what no plan may do, however it was chosen."""
        meetings = [*self.judge.live, *self.plan]
        for number, one in enumerate(meetings):
            for other in meetings[:number]:
                shared = set(one.everybody) & set(other.everybody) - {None}
                if shared and max(one.start, other.start) < min(one.end, other.end):
                    yield f"{shared} in two meetings: {one}, {other}"
        for meeting in self.plan:
            for email in meeting.everybody:
                for entry in (self.judge.entries(email) or []) if email else []:
                    firmly = entry.kind in {"busy", "out-of-office"}
                    if firmly and entry.overlaps(meeting.start, meeting.end):
                        yield f"{meeting} is booked over {entry} of {email}"

    def _unreadable(self) -> Iterator[str]:
        active = [couple for couple in self.folder.couples if couple.is_booked]
        read = [c for c in active if any(map(self.judge.is_near, self.judge.turns[c.name]))]
        sites = {self.folder.shared_site(couple) for couple in read} - {""}
        asked = {email for couple in read for email in couple.people}
        asked |= {room for site in sites for room in self.folder.rooms(site)}
        wanted = sorted(email for email in asked if self.judge.entries(email) is None)
        found = sorted(each["person"] for each in self.document["unreadable"])
        if found != wanted:
            yield f"unreadable {found} should be {wanted}"

    def _summary(self) -> Iterator[str]:
        kinds = [action["kind"] for action in self.document["actions"]]
        summary = self.document["summary"]
        for kind in ("book", "move", "cancel", "keep", "hold"):
            if summary[kind] != kinds.count(kind):
                yield f"summary {summary} miscounts {kind}"


def _hold(action: Action, code: str) -> Iterator[str]:
    if (action["kind"], action["reason_code"]) != ("hold", code):
        yield f"should be held as {code}, is {action['reason_code']}"
    shown = ("start", "end", "room", "uid", "satisfaction", "share")
    if action["kind"] == "hold" and any(action[key] is not None for key in shown):
        yield f"a hold shows {[key for key in shown if action[key] is not None]}"
