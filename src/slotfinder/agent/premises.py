"""What a programme stands on at this machine: settings, store, zone rules, mail."""

import os
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from slotfinder.agent.diagnosis import Code, Diagnosis, Level, fine
from slotfinder.agent.programme import Agent
from slotfinder.domain.freebusy import Provider
from slotfinder.errors import Finding, OlderStoreError, StoreError, WriteError
from slotfinder.invitations.trial import trial_message


def settings_findings(warnings: Sequence[Finding]) -> Iterator[Diagnosis]:
    """Say what is doubtful in the files of the programme; what is wrong would have ended it."""
    for each in warnings:
        place = ", ".join(part for part in (each.where, each.key) if part)
        yield Diagnosis(
            level=Level.WARNING,
            code=Code.SETTINGS_DOUBTFUL,
            subject=f"{each.file}, {place}" if place else each.file,
            message=each.message,
            remedy=each.remedy,
        )
    if not warnings:
        yield fine(Code.SETTINGS_READ, "slotfinder.toml", "The settings and both lists are sound.")


def store_finding(file: Path, read: Callable[[], object]) -> Diagnosis:
    """Say whether the store can be used; ``read`` reads it without touching it."""
    try:
        read()
    except OlderStoreError:
        return Diagnosis(
            level=Level.WARNING,
            code=Code.STORE_OLDER,
            subject=file.name,
            message="The store is of an older version.",
            remedy="Nothing has to be done by hand: the next 'slotfinder run' migrates it.",
        )
    except StoreError as error:
        return Diagnosis(
            level=Level.ERROR,
            code=Code.STORE_UNUSABLE,
            subject=file.name,
            message=str(error),
            remedy="Install the version that wrote it, restore it from a copy, or name the right "
            "file in [store] url.",
        )
    if not _can_be_written(file):
        return Diagnosis(
            level=Level.ERROR,
            code=Code.STORE_UNWRITABLE,
            subject=file.name,
            message="The store cannot be written.",
            remedy="Let the account slotfinder runs under write into its folder, or name another "
            "one in [store] url.",
        )
    if not file.exists():
        return fine(Code.STORE_ABSENT, file.name, "There is no store yet; the first run makes it.")
    return fine(Code.STORE_READY, file.name, "The store can be read and is of this version.")


def texts_finding(agent: Agent) -> Diagnosis:
    """Say in which languages people can be written to; a template that is wrong ends everything."""
    languages = ", ".join(sorted(agent.texts.languages))
    own = len(agent.texts.own)
    message = f"Invitations can be written in {languages}; texts of your own: {own or 'none'}."
    return fine(Code.TEXTS_READY, "templates", message)


def zones_finding(agent: Agent, now: datetime) -> Diagnosis:
    """Say whose rules of time zones are used, and whether they are old."""
    try:
        rules = version("tzdata")
    except PackageNotFoundError:
        rules = ""
    used = {agent.programme.zone.key, *(each.zone.key for each in agent.people.values())}
    year = rules.partition(".")[0]
    if not year.isdecimal() or now.year - int(year) > 1:
        return Diagnosis(
            level=Level.WARNING,
            code=Code.ZONES_OLD,
            subject="tzdata",
            message=f"The rules of time zones are old ({rules or 'of unknown age'}): a country may "
            "have changed its clocks since.",
            remedy="Install the newest version of the package tzdata.",
        )
    message = f"The rules of time zones are those of tzdata {rules}; zones in use: {len(used)}."
    return fine(Code.ZONES_PRESENT, "tzdata", message)


def mail_findings(agent: Agent, outbox: Path | None, server: str) -> Iterator[Diagnosis]:
    """Say what the settings tell of mail: ``outbox`` is the folder, None with a ``server``."""
    if not agent.programme.coordinators:
        yield Diagnosis(
            level=Level.WARNING,
            code=Code.COORDINATORS_MISSING,
            subject="programme.coordinators",
            message="Nobody is told when a pair needs a person.",
            remedy='Name at least one address: coordinators = ["coordination@acme.example"].',
        )
    if outbox is None:
        message = f"Mail goes through {server}; 'slotfinder doctor --send' tries it."
        yield fine(Code.MAIL_CONFIGURED, "mail.url", message)
    elif not _can_be_written(outbox / "any.eml"):
        yield Diagnosis(
            level=Level.ERROR,
            code=Code.OUTBOX_UNWRITABLE,
            subject="mail.outbox",
            message="The folder for mails cannot be written.",
            remedy="Let the account slotfinder runs under write into it, or name another one in "
            "[mail] outbox.",
        )
    else:
        yield fine(
            Code.OUTBOX_WRITABLE, "mail.outbox", "Mails are put into a folder as .eml files."
        )


def folder_findings(agent: Agent, directory: Path) -> Iterator[Diagnosis]:
    """Say into whose folder of ``directory`` no meeting can be put."""
    home = Provider.LOCAL
    pairs = [each for each in agent.pairs if each.is_booked]
    written = [
        email
        for pair in pairs
        if agent.provider_of(pair.organizer) is home
        for email in (pair.organizer, *pair.people)
    ]
    rooms = [room.email for room in agent.rooms()] if written else []
    for email in dict.fromkeys((*written, *rooms)):
        is_here = agent.provider_of(email) is home
        if is_here and not _can_be_written(directory / email / "any.ics"):
            yield Diagnosis(
                level=Level.ERROR,
                code=Code.FOLDER_UNWRITABLE,
                subject=email,
                message="No meeting can be put into this local calendar.",
                remedy="Let the account slotfinder runs under write into the folder of this "
                "address in [calendars.local] directory.",
            )


def trial_mails(agent: Agent, now: datetime) -> Iterator[Diagnosis]:
    """Send each coordinator one mail, and say what became of it."""
    for coordinator in agent.programme.coordinators:
        message = trial_message(
            agent.programme.name, sender=agent.sender, recipient=coordinator, at=now
        )
        try:
            agent.mailer.send(message)
        except WriteError as error:
            yield Diagnosis(
                level=Level.ERROR,
                code=Code.MAIL_FAILED,
                subject=coordinator,
                message=str(error),
                remedy="Check url, password_file and sender in [mail], and the address.",
            )
        else:
            yield fine(Code.MAIL_SENT, coordinator, "A test mail was handed over.")


def _can_be_written(file: Path) -> bool:
    """Tell whether a file could be written, made with its folders where missing."""
    try:
        if file.exists() and not (file.is_file() and os.access(file, os.W_OK)):
            return False
        nearest = next(each for each in file.absolute().parents if each.exists())
    except OSError:  # a folder on the way may not be looked into
        return False
    return nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)
