"""What the world is like right before a command that is to be killed."""

from collections.abc import Iterable

from tests.crash.scenes import COUPLES, ROOMS, CloudScene, Scene, Told

COORDINATORS = ("first@acme.example", "second@acme.example")

_ALL_OF_THE_PERIOD = "2027-01-04T00:00", "2027-01-18T00:00"


def something_of_everything(scene: Scene) -> Told:
    """Of three pairs one was declined, one ended, one was deleted; a fourth is to meet in person.

    Return what people are to be told of it.
    """
    declined, ended, deleted, fresh = COUPLES
    uids = _begun(scene, declined, ended, deleted)
    scene.decline(declined[1], uids[0])
    scene.delete(uids[2])
    scene.programme.pairs[1]["status"] = "ended"
    _join(scene, fresh, in_person="always")
    scene.keep()
    return (
        told("update", declined)
        + told("cancellation", ended)
        + told("invitation", deleted, fresh)
        + (told("cancellation", deleted) if scene.calls_off else Told())
    )


def before_the_first_run(scene: Scene) -> Told:
    """There is no store yet, nor a calendar of our own."""
    _join(scene, COUPLES[0])
    _join(scene, COUPLES[1], in_person="always")
    scene.keep()
    return told("invitation", *COUPLES[:2])


def a_room_is_lost(scene: Scene) -> Told:
    """Two pairs were to meet in person; all rooms are taken since, and one pair's meeting stays."""
    _join(scene, COUPLES[0], in_person="always")
    _begun(scene, COUPLES[1])
    for room in ROOMS:
        scene.busy(room, *_ALL_OF_THE_PERIOD)
    scene.keep()
    return told("cancellation", COUPLES[0]) + told("invitation", COUPLES[0])


def something_waits(scene: Scene) -> Told:
    """One pair's meeting was declined and may not be moved any more; another pair joined."""
    scene.programme.set("programme", coordinators=[*COORDINATORS])
    scene.programme.set("meetings", automatic_moves=0)
    [uid] = _begun(scene, COUPLES[0])
    scene.decline(COUPLES[0][1], uid)
    _join(scene, COUPLES[1])
    scene.keep()
    return told("digest", COORDINATORS) + told("invitation", COUPLES[1])


def two_meetings(scene: Scene) -> Told:
    """Two pairs have a meeting each."""
    _begun(scene, *COUPLES[:2])
    scene.keep()
    return Told()


def links_are_late(scene: CloudScene) -> Told:
    """Two pairs are to be booked while links take their time."""
    scene.links_come_late()
    _join(scene, *COUPLES[:2])
    scene.keep()
    return told("invitation", *COUPLES[:2])


def late_links_are_there(scene: CloudScene) -> Told:
    """Two pairs were booked, and their links have come since."""
    scene.links_come_late()
    _begun(scene, *COUPLES[:2])
    scene.keep()
    return Told()


def told(what: str, *groups: Iterable[str]) -> Told:
    """Return that everybody in these groups was told something, once."""
    return Told((who, what) for group in groups for who in group)


def name_of(couple: tuple[str, str]) -> str:
    """Return the id of a couple's pair."""
    return couple[0].partition("@")[0]


def _begun(scene: Scene, *couples: tuple[str, str]) -> list[str]:
    """Book these pairs, with whoever joined before; return the uids of their meetings."""
    _join(scene, *couples)
    result = scene.programme.run()
    assert result.status == 0, result.err
    scene.settle()
    uids = {each["pair"]: each["uid"] for each in result.actions}
    return [uids[name_of(couple)] for couple in couples]


def _join(scene: Scene, *couples: tuple[str, str], **more: str) -> None:
    for couple in couples:
        scene.programme.pair(name_of(couple), *couple, **more)
    scene.programme.write()
