"""The mail with which ``doctor`` tries whether coordinators can be reached."""

from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP

from slotfinder.domain.people import address_mark
from slotfinder.ports import Message

_POLICY = SMTP.clone(cte_type="7bit")


def trial_message(programme: str, *, sender: str, recipient: str, at: datetime) -> Message:
    """Return the mail for one coordinator; another moment makes another mail."""
    key = f"trial.{at:%Y%m%dT%H%M%SZ}.{address_mark(recipient)}"
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = sender
    mail["To"] = recipient
    mail["Subject"] = " ".join(f"{programme}: a test mail".split())
    mail["Date"] = at
    mail["Message-ID"] = f"<{key}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834 §5
    mail.set_content(
        "This mail shows that slotfinder, the programme's scheduling agent, can reach you. "
        "You need do nothing.\n"
    )
    return Message(key=key, recipient=recipient, content=mail.as_bytes())
