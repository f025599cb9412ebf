"""Invitations and cancellations as mails (iMIP, RFC 6047), the same bytes for the same input.

A mail is sent again after an outcome that is not known, so a repetition has to be recognisable:
message id, date and boundaries derive from the event, the recipient and the words alone.
"""

import re
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256
from typing import Final, Literal

from slotfinder.domain.meeting import Attendee, Event
from slotfinder.domain.people import address_mark
from slotfinder.invitations.vevent import event_calendar
from slotfinder.invitations.wording import Body
from slotfinder.ports import Message

_Method = Literal["REQUEST", "CANCEL"]

# Every part in seven bits, since not every server on the way has 8BITMIME (RFC 6047 §2.5).
_POLICY: Final = SMTP.clone(cte_type="7bit")


def request_message(
    event: Event, recipient: Attendee, *, sender: str, body: Body, first: bool
) -> Message:
    """Return the invitation for one attendee; ``first`` is False for a change of an earlier one."""
    return _message(event, recipient, "REQUEST", sender, body, in_thread=not first)


def cancel_message(event: Event, recipient: Attendee, *, sender: str, body: Body) -> Message:
    """Return the cancellation for one attendee.

    The caller has raised the event's sequence (RFC 5546 §2.1.4).
    """
    return _message(event, recipient, "CANCEL", sender, body, in_thread=True)


def _message(
    event: Event, recipient: Attendee, method: _Method, sender: str, body: Body, *, in_thread: bool
) -> Message:
    calendar = event_calendar(event, method)
    mail = _parts(body, calendar, method)
    mail["From"] = sender
    # The bare address: names fold in ways that readers take apart differently, and the greeting
    # has the name already.
    mail["To"] = recipient.email
    mail["Subject"] = body.subject
    mail["Date"] = event.stamp
    domain = sender.rpartition("@")[2]
    message_id = _message_id(event.uid, event.sequence, method, recipient, domain)
    mail["Message-ID"] = message_id
    opening = _message_id(event.uid, 0, "REQUEST", recipient, domain)
    if in_thread and message_id != opening:
        mail["In-Reply-To"] = opening
        mail["References"] = opening
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834 §5: no out-of-office answers, no loops
    return Message(
        key=_key(event, method, recipient), recipient=recipient.email, content=mail.as_bytes()
    )


def _parts(body: Body, calendar: bytes, method: _Method) -> EmailMessage:
    """Return mixed(alternative(plain, html, calendar), attachment).

    Outlook and Gmail want the calendar among the alternatives, with the method of its content;
    other readers find the attachment only.
    """
    mail = EmailMessage(policy=_POLICY)
    mail.set_content(body.text)
    mail.add_alternative(body.html, subtype="html")
    parameters = {"method": method, "charset": "UTF-8"}
    mail.add_alternative(calendar, "text", "calendar", cte="base64", params=parameters)
    alternatives_boundary, boundary = _boundaries(body, calendar)
    mail.set_boundary(alternatives_boundary)
    mail.add_attachment(calendar, "application", "ics", filename="invite.ics")
    mail.set_boundary(boundary)
    return mail


def _boundaries(body: Body, calendar: bytes) -> tuple[str, str]:
    """Return two boundaries that are fixed by the content, and so cannot be planted in it."""
    digest = sha256(b"\0".join((body.text.encode(), body.html.encode(), calendar))).hexdigest()
    return f"=_alternative_{digest[:32]}", f"=_mixed_{digest[32:]}"


def _message_id(uid: str, sequence: int, method: _Method, recipient: Attendee, domain: str) -> str:
    return f"<{_hash(uid)}.{sequence}.{method.lower()}.{address_mark(recipient.email)}@{domain}>"


def _key(event: Event, method: _Method, recipient: Attendee) -> str:
    """Return the name of the mail, which may serve as a file name whatever the uid is."""
    uid = event.uid.lower()
    if not re.fullmatch(r"[a-z0-9][a-z0-9@._-]{0,127}", uid):
        uid = _hash(event.uid)
    return f"{uid}.{event.sequence}.{method.lower()}.{address_mark(recipient.email)}"


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]
