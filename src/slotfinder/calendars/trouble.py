"""Why a calendar in a cloud cannot be used, in words: pure, and the same for every cloud."""

from dataclasses import dataclass

from slotfinder.domain.freebusy import Provider, Unreadable, UnreadableCode


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a calendar cannot be used, and what an administrator or coordinator can do."""

    code: UnreadableCode
    reason: str
    advice: str

    def of(self, person: str, provider: Provider) -> Unreadable:
        """Return that nothing is known of somebody's calendar, for this reason."""
        return Unreadable(
            person=person,
            provider=provider,
            code=self.code,
            reason=self.reason,
            advice=self.advice,
        )
