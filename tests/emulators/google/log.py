"""Google's request log: as whom a client asked, with which scopes, for which fields."""

from dataclasses import dataclass

from tests.emulators import log
from tests.emulators.google import fields

Log = log.Log


@dataclass
class Entry(log.Entry):
    """One request.

    `method` is the discovery id (`calendar.freebusy.query`), `token`, `iam.signJwt`, … or "".
    `remarks` are such as `sendUpdates omitted`.
    """

    account: str = ""
    subject: str = ""
    scopes: frozenset[str] = frozenset()
    quota_user: str = ""

    @property
    def fields(self) -> set[str]:
        """Every name in the `fields` parameter; empty if all was asked for."""
        return {
            name
            for text in self.query.get("fields", [])
            for name in fields.names(fields.parse(text))
        }
