"""``init`` and ``demo``: how a newcomer begins."""

import shlex
from datetime import timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.text import Text

from slotfinder.cli.render import programme_picture, report_picture
from slotfinder.cli.session import Session, output
from slotfinder.template import write_template

_UTC = ZoneInfo("UTC")
_HALF_A_YEAR = timedelta(weeks=26)


def init(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to.")] = Path(),
) -> int:
    """Write a commented programme folder to start from."""
    session: Session = context.obj
    today = session.moment(_UTC).date()
    monday = today - timedelta(days=today.weekday())
    for path in write_template(folder, monday, monday + _HALF_A_YEAR - timedelta(days=3)):
        output().print(f"wrote {path}", soft_wrap=True)
    here = folder.resolve() == Path.cwd()
    there = "" if here else f"  cd {shlex.quote(str(folder))}\n"
    steps = f"Look at slotfinder.toml first, then try:\n{there}  slotfinder plan"
    output().print(steps, soft_wrap=True)
    return 0


def demo(
    context: typer.Context,
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="A new folder to play in.")
    ] = None,
) -> int:
    """Tell the whole story on local calendars: plan, book, a week of life, put right, report."""
    from slotfinder.rehearsal.demo import play  # noqa: PLC0415 - only for this command

    session: Session = context.obj
    console = output()
    for scene in play(folder, session.moment(_UTC), session.progress()):
        console.print(Text(f"\n{scene.text}\n", "bold"))
        if scene.report:
            picture = report_picture(scene.report, console.width, verbose=session.verbose)
            console.print(picture)
        if standing := scene.standing:
            agent = standing.agent
            console.print(
                programme_picture(
                    standing.overviews,
                    agent.people,
                    standing.now,
                    agent.programme.zone,
                    console.width,
                )
            )
    return 0
