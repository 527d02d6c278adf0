"""The commands by name: which file holds each, and what `--help` says of it without reading that file."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from vein2vein.going import GOING, told

# In the order of --help: (file of the command, what it does). The first sentence of each command's docstring.
COMMANDS = {
    "compare": ("run", "Compare scenarios on the same patients; the first file is the baseline."),
    "run": ("run", "Run one scenario."),
    "sweep": ("sweep", "Run many points: a sweep file, or scenario files with --vary."),
    "plan": (
        "plan",
        "The cheapest capacities that meet targets, and what else there is; leaves with 3 where none do.",
    ),
    "psa": ("psa", "Probabilistic sensitivity analysis of costs and QALYs."),
    "check": ("check", "Check scenario files and show what they ask of each resource; run nothing."),
    "records": ("records", "Describe a register of past patients, or check one: `records new`, `records check`."),
    "fit": ("fit", "Fit a scenario to a register of past patients: what it can say, over a base."),
    "curve": ("curve", "Turn a survival curve that was read off a figure into a clock of a scenario."),
    "calibrate": (
        "calibrate",
        "Calibrate what no record holds to a register or to targets, by simulation.",
    ),
    "observe": ("observe", "Hold a register against the simulation of its own time: what agrees, and what is off."),
    "forecast": ("forecast", "Forecast a register from its last day on: list, aphereses, infusions and beds by month."),
    "report": ("report", "Draw charts and report again from the tables of a results folder."),
    "methods": ("methods", "Write methods.md into a results folder: STRESS-DES, ISPOR-SMDM and CHEERS, and print it."),
    "charts": ("charts", "The charts there are, one line each; or a gallery of them."),
    "app": ("app", "The planning page, served on this machine only: move levers, see what they do."),
    "verify": ("verify", "Run a stored result again and compare every number; leaves with 3 where one differs."),
    "list": ("shipped", "The shipped scenarios, one line each."),
    "schema": ("shipped", "JSON Schema of the scenario file, for editors."),
    "tables": ("shipped", "The tables of a results folder, in Markdown: rows, columns, units, what null means."),
    "new": ("shipped", "Write a commented scenario file to start from; it extends a shipped one."),
    "validate": ("validate", "Run the validation cases: exact or published values against simulated ones."),
}


def _present(command: str, word: str) -> str:
    """An argument, where it is an option that goes with its present name; that is said."""
    option, equals, value = word.partition("=")
    going = GOING.get(f"{command} {option}")
    if going is None:
        return word
    click.echo(f"Note: {told(f'{command} {option}')}", err=True)
    return f"{going.now}{equals}{value}"


class Once(click.Group):
    """A group whose commands refuse a value that is given twice: the first would be dropped in silence."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command and its arguments."""
        name, command, rest = self.find_command(ctx, args)
        if command is not None and not isinstance(command, click.Group) and not ctx.resilient_parsing:
            its = click.Context(command, info_name=name, parent=ctx)
            _, _, given = command.make_parser(its).parse_args(list(rest))
            for option in given:
                if isinstance(option, click.Option) and _is_one_value(option) and given.count(option) > 1:
                    its.fail(f"{' / '.join((option.opts[0], *option.secondary_opts))} is given twice; allowed: once")
        return name, command, rest

    def find_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """The command and its arguments, with the present names of both."""
        return super().resolve_command(ctx, args)


def _is_one_value(option: click.Option) -> bool:
    """Whether a second one would replace the first: not what is collected, and no switch that says the same again."""
    return not option.multiple and not option.count and (not option.is_flag or bool(option.secondary_opts))


class Commands(Once):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name from its file, where it is called `NAME_command`."""
        if cmd_name not in COMMANDS:
            going = GOING.get(cmd_name)
            if going is None or going.now not in COMMANDS:
                return None
            click.echo(f"Note: {told(cmd_name)}", err=True)
            cmd_name = going.now
        found: Any = getattr(import_module(f"sim.shell.{COMMANDS[cmd_name][0]}"), f"{cmd_name}_command")
        assert isinstance(found, click.Command)
        return found

    def find_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """The command and its arguments, with the present names of options that go."""
        unknown = args[0] not in COMMANDS and args[0] not in GOING and not args[0].startswith("-")
        if unknown and not ctx.resilient_parsing:
            from sim.scenario.problems import did_you_mean, show

            ctx.fail(f"no command {show(args[0])}{did_you_mean(args[0], list(COMMANDS), 'commands')}")
        name, command, rest = super().find_command(ctx, args)
        return name, command, [_present(str(name), word) for word in rest]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of `--help`."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, said) for name, (_, said) in COMMANDS.items()])
