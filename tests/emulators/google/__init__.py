"""A strict local server of the Google protocols: tokens, Calendar v3, Directory resources.

    with GoogleEmulator(options=Options(merged=False)) as google:
        google.world.add_mailbox("tom@acme.example", zone="Europe/London")
        google.world.add_item("tom@acme.example", start, end, "ooo", title="Secret")
        key = service_account_file(tmp_path / "google.json", google)    # token_uri is local
        google.fault("calendar.events.insert", Fault.dropped(), times=1)
        google.world.after("free-busy", lambda world: world.add_item(...))    # a race
        ...                                    # the product, with api_endpoint = google.url
        people.answer(google.world, "tom@acme.example", uid, "declined")
        google.settle()                        # rooms answer, Meet links come into being
        google.world.told("tom@acme.example", "invitation")
        google.log.of("calendar.events.insert")[0].committed

What Google does not document is a switch in `Options`. What is refused, and why, is in the module
of its room: `auth`, `schema` (parameters and bodies), `freebusy`, `writes`, `changes`, `reads`,
`validate`, `conference`, `quotas`, `faults`. Numbers of items in docstrings are those of the
checklist the emulator was built from. Not modelled: sharing (`acl`), `quickAdd`, push channels
and writing one meeting of a series that has guests; such requests get 501.
"""

from tests.emulators.google.auth import ServiceAccount, service_account_file
from tests.emulators.google.faults import Fault
from tests.emulators.google.options import Options
from tests.emulators.google.server import GoogleEmulator

__all__ = ["Fault", "GoogleEmulator", "Options", "ServiceAccount", "service_account_file"]
