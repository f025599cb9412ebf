"""``simulate``: what each rule would do for this programme, before one is chosen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from slotfinder.cli.session import Session, output, print_json
from slotfinder.domain.programme import Baseline, Rule
from slotfinder.errors import UsageError
from slotfinder.rehearsal.figures import Figures
from slotfinder.rehearsal.shapes import Shape

_CHOICES: dict[str, Rule | Baseline] = {rule.value: rule for rule in (*Rule, *Baseline)}
_BAR = 9
"""Characters of a whole bar: the table fits a terminal of 80 columns."""

_NOTE = (
    "People, pairs and settings are those of the files; their calendars were not read: busy time, "
    "leave, declined meetings and new conflicts are drawn from the seed, the same for every rule."
)


def simulate(
    context: typer.Context,
    weeks: Annotated[int, typer.Option(min=1, max=520, help="How long to play.")] = 26,
    rule: Annotated[
        list[str] | None,
        typer.Option(help=f"Only this rule ({', '.join(_CHOICES)}); repeatable."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Another number is another life.")] = 1,
    shape: Annotated[
        Shape | None, typer.Option(help="Wishes for everybody instead of their own.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document instead.")
    ] = False,
) -> int:
    """Play the programme through under each rule in memory, and compare; nothing is changed."""
    # What writes invitations and stores is slow to load, and only this command needs it here.
    from slotfinder.rehearsal.simulate import simulate as play  # noqa: PLC0415

    session: Session = context.obj
    rules = _rules(rule)
    figures = play(
        session.configured(),
        rules=rules,
        weeks=weeks,
        seed=seed,
        shape=shape,
        progress=session.progress(),
    )
    if as_json:
        print_json(
            {
                "weeks": weeks,
                "seed": seed,
                "shape": shape,
                "rules": [_figures_json(each) for each in figures],
            }
        )
    else:
        title = f"{weeks} weeks under each rule, seed {seed}"
        title += f", everybody's wishes {shape}" if shape else ""
        output().print(figures_picture(figures, title))
    return 0


def _rules(names: Sequence[str] | None) -> tuple[Rule | Baseline, ...]:
    """Return the rules of these names, each once; all for none.

    Raises:
        UsageError: there is no rule of that name.
    """
    for name in names or ():
        if name not in _CHOICES:
            raise UsageError(f"There is no rule '{name}'; rules are {', '.join(_CHOICES)}.")
    return tuple(_CHOICES[name] for name in dict.fromkeys(names or _CHOICES))


def _figures_json(figures: Figures) -> dict[str, Any]:
    return {
        "rule": figures.rule,
        "baseline": isinstance(figures.rule, Baseline),
        "meetings": figures.meetings,
        "worse_off": round(figures.worse_off, 4),
        "gap": round(figures.gap, 4),
        "longest_run": figures.longest_run,
        "kept": round(figures.kept, 4),
        "moves": round(figures.moves, 4),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """A figure as it is drawn, and in words; one from 0 to 1 gets a bar."""

    title: str
    means: str
    value: Callable[[Figures], float]
    text: str
    more_is_better: bool = False
    bar: bool = False


_COLUMNS = (
    _Column(
        title="Worse off",
        means="mean satisfaction (0 to 1) of whoever of a pair had less; more is better",
        value=lambda figures: figures.worse_off,
        text="{:.2f}",
        more_is_better=True,
        bar=True,
    ),
    _Column(
        title="Gap",
        means="how far the two of a pair lie apart in it, on average; less is better",
        value=lambda figures: figures.gap,
        text="{:.2f}",
        bar=True,
    ),
    _Column(
        title="Run",
        means="most meetings of a pair in a row at which the same one gave way; less is better",
        value=lambda figures: figures.longest_run,
        text="{}",
    ),
    _Column(
        title="Kept",
        means="periods in which the pair met, of all there were; more is better",
        value=lambda figures: figures.kept,
        text="{:.0%}",
        more_is_better=True,
        bar=True,
    ),
    _Column(
        title="Moves",
        means="how often the agent moved a meeting, for each that took place; less is better",
        value=lambda figures: figures.moves,
        text="{:.2f}",
    ),
)


_LEGEND = (
    *(f"{column.title}: {column.means}." for column in _COLUMNS),
    "★: the best of the column.",
    "*: what other products do (the earliest slot, or the mentee's best); it cannot be configured.",
)


def figures_picture(figures: Sequence[Figures], title: str) -> RenderableType:
    """Draw a row a rule, the best value of each column in green, and say what columns mean."""
    table = Table("Rule", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in _COLUMNS:
        table.add_column(column.title, no_wrap=True)
    for each in figures:
        baseline = isinstance(each.rule, Baseline)
        cells = (_cell(each, column, figures) for column in _COLUMNS)
        name = Text(f"{each.rule} *" if baseline else each.rule.value)
        table.add_row(name, *cells, style="dim" if baseline else "")
    return Group(Text(title, "bold"), table, Text("\n".join([*_LEGEND, _NOTE]), "dim"))


def _cell(figures: Figures, column: _Column, everybody: Sequence[Figures]) -> Text:
    """Return a figure; the best one is marked, also where there are no colours."""
    value = column.value(figures)
    shown = column.text.format(value)
    best = (max if column.more_is_better else min)(map(column.value, everybody))
    # What reads the same is equally good.
    is_best = shown == column.text.format(best)
    filled = round(_BAR * value)
    bar = "█" * filled + "·" * (_BAR - filled) + " " if column.bar else ""
    return Text(f"{bar}{shown}{' ★' if is_best else ''}", "bold green" if is_best else "")
