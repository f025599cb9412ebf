"""Draining the outbox: order, failures, and what is told to nobody."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from slotfinder.booking.executor import Outside, drain
from slotfinder.domain.freebusy import Provider, Unreadable
from slotfinder.domain.meeting import Event, Meeting, Receipt, Seen, Stray
from slotfinder.errors import ChangedMeanwhileError, StoppedError, TimeTakenError, WriteError
from slotfinder.ports import Changes, Entry, EntryKind, Glance, Ledger, Message, T
from tests.contract.builders import nobody
from tests.contract.test_store import EVENT, NOW


@dataclass
class Outbox:
    """A store that is nothing but an outbox."""

    entries: list[Entry]
    receipts: list[Receipt] = field(default_factory=list)
    abandoned: list[str] = field(default_factory=list)

    def load(self) -> Ledger:
        return Ledger()

    def record(self, changes: Changes) -> None:
        self.entries += changes.entries

    def pending(self) -> list[Entry]:
        return list(self.entries)

    def settle(self, entry: Entry, at: datetime, receipt: Receipt | None = None) -> None:
        assert at == NOW
        self.entries.remove(entry)
        if receipt is not None:
            self.receipts.append(receipt)

    def abandon(self, entry: Entry, *, stands: bool) -> None:
        self.entries = [each for each in self.entries if each.uid != entry.uid]
        if not stands:
            self.abandoned.append(entry.uid)


@dataclass
class World:
    """A calendar and a mail server that note what they are told and refuse some of it."""

    refuses: tuple[str, ...] = ()
    refusal: WriteError = field(default_factory=lambda: WriteError("provider-refused", "No."))
    told: list[str] = field(default_factory=list)
    provider: Provider = Provider.LOCAL

    def write(self, event: Event, is_taken: Glance) -> Receipt:
        assert not is_taken(event, None)
        self._take(f"write {event.uid}")
        return Receipt(calendar_uid=f"{event.uid}@cloud", join_url=None)

    def withdraw(self, event: Event) -> None:
        self._take(f"withdraw {event.uid}")

    def send(self, message: Message) -> None:
        self._take(f"mail {message.key}")

    def look_up(self, meetings: Sequence[Meeting]) -> dict[str, Seen]:
        assert not meetings
        return {}

    def strays(self, wanted: Mapping[str, Collection[str]], since: datetime) -> list[Stray]:
        assert not wanted, since
        return []

    def troubles(self, organizers: Sequence[str]) -> dict[str, Unreadable]:
        assert not organizers
        return {}

    def _take(self, what: str) -> None:
        if what in self.refuses:
            raise self.refusal
        self.told.append(what)


class Unseen:
    """Progress nobody looks at."""

    def track(self, work: Iterable[T], *, total: int, doing: str) -> Iterable[T]:
        assert total >= 0
        assert doing
        return work


def write(uid: str, kind: EntryKind = EntryKind.WRITE) -> Entry:
    event = replace(EVENT, uid=uid)
    return Entry(key=f"{uid}.{kind}", uid=uid, kind=kind, provider=Provider.LOCAL, event=event)


def mail(uid: str, to: str) -> Entry:
    message = Message(key=f"{uid}-{to}", recipient=to, content=b"")
    return Entry(key=f"{uid}.{to}", uid=uid, kind=EntryKind.MAIL, message=message)


def drained(outbox: Outbox, world: World, skip: Sequence[str] = ()) -> dict[str, WriteError]:
    outside = Outside(calendars={Provider.LOCAL: world}, mailer=world, is_taken=nobody)
    failed = drain(outbox, outside, now=NOW, progress=Unseen(), skip=skip)
    return {failure.uid: failure.problem for failure in failed.values()}


def test_everything_is_done_in_order_and_settled() -> None:
    outbox, world = Outbox([write("a"), mail("a", "tom"), write("b", EntryKind.WITHDRAW)]), World()

    assert drained(outbox, world) == {}
    assert world.told == ["write a", "mail a-tom", "withdraw b"]
    assert outbox.entries == []
    assert [each.calendar_uid for each in outbox.receipts] == ["a@cloud"]


def test_what_people_changed_first_is_not_written_later() -> None:
    outbox = Outbox([write("a"), mail("a", "tom"), write("b")])
    world = World(("write a",), ChangedMeanwhileError())

    failed = drained(outbox, world)

    assert {uid: problem.code for uid, problem in failed.items()} == {"a": "changed-meanwhile"}
    assert outbox.entries == []
    assert outbox.abandoned == []


def test_a_meeting_whose_time_was_taken_first_comes_to_nothing() -> None:
    outbox = Outbox([write("a"), mail("a", "tom"), write("b")])
    world = World(("write a",), TimeTakenError())

    assert drained(outbox, world)["a"].skipped
    assert outbox.entries == []
    assert outbox.abandoned == ["a"]
    assert world.told == ["write b"]


def test_nobody_is_told_of_a_meeting_no_calendar_shows_and_other_meetings_go_on() -> None:
    entries = [write("a"), mail("a", "tom"), write("b"), mail("b", "tom")]
    outbox, world = Outbox(entries), World(refuses=("write a",))

    failed = drained(outbox, world)

    assert {uid: problem.code for uid, problem in failed.items()} == {"a": "provider-refused"}
    assert world.told == ["write b", "mail b-tom"]
    assert outbox.entries == entries[:2]


def test_a_refused_mail_keeps_nobody_else_from_being_told() -> None:
    outbox = Outbox([write("a"), mail("a", "tom"), mail("a", "priya")])
    world = World(refuses=("mail a-tom",))

    assert set(drained(outbox, world)) == {"a"}
    assert world.told == ["write a", "mail a-priya"]
    assert [entry.key for entry in outbox.entries] == ["a.tom"]


def test_what_failed_is_done_by_the_next_drain() -> None:
    outbox = Outbox([write("a"), mail("a", "tom")])
    drained(outbox, World(refuses=("write a",)))
    world = World()

    assert drained(outbox, world) == {}
    assert world.told == ["write a", "mail a-tom"]


def test_an_entry_for_a_provider_nobody_set_up_fails_alone() -> None:
    elsewhere = replace(write("a"), provider=Provider.GOOGLE)
    outbox, world = Outbox([elsewhere, write("b")]), World()

    assert {uid: problem.code for uid, problem in drained(outbox, world).items()} == {
        "a": "provider-refused"
    }
    assert world.told == ["write b"]


def test_what_failed_a_moment_ago_is_left_for_the_next_pass() -> None:
    outbox, world = Outbox([write("a"), mail("a", "tom"), mail("b", "tom"), write("b")]), World()

    assert drained(outbox, world, skip=("a.write", "b.tom")) == {}
    assert world.told == ["write b"]


class Stopping(Unseen):
    """Progress that stops before the second piece of work."""

    def track(self, work: Iterable[T], *, total: int, doing: str) -> Iterator[T]:
        for number, each in enumerate(super().track(work, total=total, doing=doing)):
            if number:
                raise StoppedError
            yield each


def test_a_pass_that_is_to_stop_finishes_one_entry_and_leaves_the_rest() -> None:
    outbox, world = Outbox([write("a"), mail("a", "tom"), write("b")]), World()
    outside = Outside(calendars={Provider.LOCAL: world}, mailer=world, is_taken=nobody)
    failed = drain(outbox, outside, now=NOW, progress=Stopping())

    assert world.told == ["write a"]
    assert {key: each.problem.code for key, each in failed.items()} == {
        "a.tom": "stopped",
        "b.write": "stopped",
    }
    assert [each.key for each in outbox.entries] == ["a.tom", "b.write"]
