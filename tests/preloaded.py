"""What every command needs, imported and read once by the fork server of `tests.program` instead of by each command.

What it may change later is not kept here: texts of scenario files are known by what they say, and the kernel is loaded
only where it has been compiled before.
"""

from __future__ import annotations

import gc
from importlib import import_module
from importlib.util import find_spec

from reports.export import templates
from sim.engine import choice
from sim.engine.kernel.stamp import is_compiled
from sim.scenario import load
from sim.shell.commands import COMMANDS

gc.disable()
for module in (
    *("pandas", "plotly.offline", "pyarrow.parquet", "rich.live", "rich.progress"),
    *(
        "run_sim",
        "reports.pages",
        "sim.experiment.psa.run",
        "sim.experiment.study.run",
        "sim.experiment.sweep.evaluate",
    ),
    *(f"sim.shell.{room}" for room, _ in COMMANDS.values()),
):
    import_module(module)
for name in ("autologous", "allogeneic"):
    load(name)
for template in templates().list_templates(extensions=("jinja",)):
    templates().get_template(template)
if find_spec("numba") is not None and is_compiled():
    choice.engine(choice.COMPILED)
    choice.WORTH_LOADING_PATIENTS = 0  # it is loaded now: `auto` finds the least run worth it
# What was read here is shared by all that are forked from it, as long as nobody looks whether it is still used.
gc.freeze()
gc.enable()
