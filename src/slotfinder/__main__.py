"""``python -m slotfinder`` is the command line."""

import gc
import sys


def main() -> None:
    """Run the command line and exit with its status.

    What is loaded stays for the whole of a short life: the collector is kept from walking over it
    while loading, while working and once more at the exit, which is a third of a small command.
    """
    gc.disable()
    from slotfinder.cli.main import run  # noqa: PLC0415 - after the collector is told
    from slotfinder.cli.session import stop_when_asked  # noqa: PLC0415 - likewise

    gc.freeze()
    gc.enable()
    stop_when_asked()
    status = run(sys.argv[1:])
    gc.freeze()
    sys.exit(status)


if __name__ == "__main__":
    main()
