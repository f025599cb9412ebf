"""The mail that tells coordinators what waits for them."""

from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP

from slotfinder.domain.people import address_mark
from slotfinder.ports import Message

_POLICY = SMTP.clone(cte_type="7bit")


def digest_message(
    programme: str, lines: Sequence[str], *, sender: str, recipient: str, at: datetime, key: str
) -> Message:
    """Return the mail for one coordinator; ``key`` is the same for the same set of things."""
    mail = EmailMessage(policy=_POLICY)
    count = len(lines)
    what = f"{count} thing{'s' * (count > 1)} to look at" if count else "nothing waits any more"
    mail["From"] = sender
    mail["To"] = recipient
    mail["Subject"] = " ".join(f"{programme}: {what}".split())
    mail["Date"] = at
    whom = address_mark(recipient)
    mail["Message-ID"] = f"<{key}.{whom}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834 §5
    told = "\n\n".join(lines) if lines else "All that waited for you is settled."
    mail.set_content(f"{told}\n\nThis was sent by slotfinder, the programme's scheduling agent.\n")
    return Message(key=f"{key}.{whom}", recipient=recipient, content=mail.as_bytes())
