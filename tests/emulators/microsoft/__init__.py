"""A strict local server of Microsoft's protocols: tokens for apps, and Graph's calendar.

    with MicrosoftEmulator(options=Options(max_schedules=100)) as microsoft:
        microsoft.add_mailbox("tom@acme.example", zone="Europe/London")
        microsoft.add_room("room-a@acme.example", capacity=8)
        microsoft.world.add_item("tom@acme.example", start, end, "ooo", title="Secret")
        app = microsoft.app(certificate=Certificate.make("slotfinder"))    # or secret, federation
        ca = microsoft.write_ca(tmp_path / "ca.pem")    # for `ca_file`: the authority is https
        microsoft.fault("users.events.create", Fault.dropped(), times=1)
        microsoft.world.after("free-busy", lambda world: world.add_item(...))    # a race
        ...    # the product, with authority = microsoft.authority, graph = microsoft.graph,
               # tenant = app.tenant, client_id = app.client_id
        people.answer(microsoft.world, "tom@acme.example", uid, "declined")
        microsoft.settle()                     # rooms answer, Teams links come into being
        microsoft.world.told("tom@acme.example", "invitation")
        microsoft.log.of("users.events.create")[0].committed
        assert not microsoft.complaints        # every answer kept to the OpenAPI document

One `World` may be served by this and by the Google emulator at once: invitations and answers
travel between them. What Microsoft does not document is a switch in `Options`. What is refused,
and why, is in the module of its room: `identity`, `schema` (parameters and bodies), `schedule`,
`writes`, `finding`, `reads`, `odata`, `teams`, `limits`, `batch`, `faults`. Numbers of items in
docstrings are those of the checklist the emulator was built from. Not modelled: writing series,
other calendars than the default one, accept and decline by API, subscriptions; such requests
get 501.
"""

from tests.emulators.microsoft.faults import Fault
from tests.emulators.microsoft.identity import AppRegistration, Certificate, Federation
from tests.emulators.microsoft.options import Options
from tests.emulators.microsoft.server import MicrosoftEmulator

__all__ = ["AppRegistration", "Certificate", "Fault", "Federation", "MicrosoftEmulator", "Options"]
