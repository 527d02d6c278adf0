# ruff: noqa: E501 (rows of Markdown tables do not break)
"""The data dictionary, printed from the contract: `docs/tables.md`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sim.tables.arrangement import ARRANGEMENT
from sim.tables.calibration import CALIBRATION
from sim.tables.comparison import COMPARISON, VALIDATION
from sim.tables.contract import Bounds, Column, Table
from sim.tables.economics import ECONOMICS
from sim.tables.forecast import FORECAST
from sim.tables.patients import BIG
from sim.tables.points import POINTS
from sim.tables.records import RECORDS
from sim.tables.through_time import THROUGH_TIME

CHAPTERS: Sequence[tuple[str, str, Sequence[Table]]] = (
    (
        "Single patients",
        "Parquet files, written while replications finish, and event logs. Days are numbers with fractions.",
        BIG,
    ),
    (
        "Runs and comparisons",
        "Means are over replications; `low` and `high` are the ends of 95% simulation intervals.",
        (*COMPARISON, *THROUGH_TIME, VALIDATION, *ARRANGEMENT),
    ),
    ("Costs and quality of life", "Only where every scenario has a section `economics`.", ECONOMICS),
    ("Studies of many points", "Sweeps, plans and probabilistic sensitivity analyses.", POINTS),
    (
        "Own records",
        "A register and what was fitted to it; `low` and `high` are the ends of 95% confidence intervals.",
        RECORDS,
    ),
    (
        "Calibration",
        "Values that no record holds; `low` and `high` are the ends of 90% posterior intervals. What the posterior "
        "predicts is in `observed.csv` and `observed_scores.csv`, as for `observe`.",
        CALIBRATION,
    ),
    (
        "Forecast",
        "A register from its last day on. Quantiles are over simulated futures, each with its own draw of what is "
        "uncertain. Numbers of patients of the register from 1 to 4 are null, and so is whatever would give them away.",
        FORECAST,
    ),
)
START = """# The tables of a results folder

Printed by `python run_sim.py tables` from the declarations that every table is checked by when it is written and when
it is read. A cell without a value is null in Parquet and empty in CSV: it never stands for 0, and no cell holds NaN or an
infinite number. The column *null* below says what such a cell means; where it is blank, every cell has a value. A name with
`<...>` in it stands for several columns, one for each path, scenario or resource. The unit `of the metric` or `of the path` is the
one that stands in the row, in its column `unit`; `of the metric, a difference` is a difference in that unit, so that 0.05 of a
proportion is 5 percentage points. CSV files are in UTF-8, with commas between the cells. Names are kept as you wrote them:
a scenario may be called `007`, so have your spreadsheet import them as text.

## What is wasted

- **`slots_wasted`** counts dated slots (`manufacturing.slots`) that a patient claimed, that no manufacture used, and that came
  back too late to be offered again. A slot counts if its start day lies inside the measuring window, whoever held it: patients
  measured or not, of a first or a later course. A patient whose manufacture began has used the slots claimed last, as many
  as were claimed at once; slots claimed before these, and all slots of a patient who left before manufacture, are wasted. Those
  of patients who still wait when the run stops are not. Slots that nobody claimed are `expired` in `resources.csv`, never wasted;
  slots handed back in time (`notice`) are neither.
- **`slots_withdrawn`** counts slots that the manufacturer took back because the manufacture that they imply would start while the
  lines are closed (or, where the scenario says so, fewer), whether or not they had been offered or claimed, by the start day as
  above. They are neither wasted nor expired; whoever held one is back on the list.
- **`product_wasted`** counts products released by the factory and doses drawn from stock that were not infused: of patients who
  died, progressed, withdrew or were refused after release; products lost or damaged on their way back, and products out of
  specification that were refused after release. It counts by the day on which the waste was certain, the later of release (or draw)
  and the end of the patient's path, where that lies in the measuring window, whoever the patient: measured or not, of a first or
  a later course. A product of an infused patient that a later one replaced counts on the day of the last release. A
  manufacture that fails before release is no product; doses that expire on the shelf are `expired` in `resources.csv`. Patients
  who still wait when follow-up or the run stops have wasted nothing yet.

## Costs from the files

What each measured patient costs, and the QALYs, follow from `patients.parquet`, `quantities.parquet` and the section
`economics` of the scenario (`scenarios` in `manifest.json`, under `resolved`), to the last digits of `economics.csv`. Days count
from `referral_day`; at a rate i a year the present value of 1 on day t is (1 + i)^(-t / 365.25), of 1 a day from a to b its
integral; nothing counts beyond the horizon; a month is 365.25 / 12 days. *End* is `followed_from_day`, *progression free*
ends at the earlier of `relapse_day` and `death_day`; without a `death_day` life goes on to the horizon. A patient who returns for a
later course has a row for each: all days count from the first `referral_day`, the first course ends on the second's
`referral_day`, and only the last one ends in death. Amounts without discounting are the same at rates of 0.

| price | paid |
|---|---|
| `costs.waiting_month` | a month from referral to *end* |
| `costs.apheresis`, `costs.lymphodepletion` | on `apheresis_day`, `lymphodepletion_day`; repeated collections in `quantities` |
| `costs.bridging`, `costs.holding` | on `bridging_day`, on `holding_therapy_day` |
| `costs.bridging_month` | a month from `bridging_day` to the earlier of `lymphodepletion_day` and *end* |
| `costs.product.allogeneic` or `.autologous` | on `infusion_day`, by `off_the_shelf`; autologous times `manufacturing.batches` with `priced_by: batch` |
| `costs.infusion`, `costs.adverse_events` | on `infusion_day` |
| `costs.follow_up_month` | a month from `infusion_day` while *progression free* |
| `costs.progressed_month` | a month from `relapse_day` to `death_day`; with `costs.lines`, line after line its `share` of it for as long as it `lasts`, and the rest of `supportive_month`, which goes on after them |
| `costs.subsequent_care` (of the outcome, else `month`) | the same from *end* to `death_day`, of the outcomes other than infused, alternative, standard care and died |
| `costs.alternative`, `costs.standard_care` | `adverse_events` on *end*, and `month` a month from then while *progression free*, of these outcomes |
| `costs.end_of_life` | on `death_day` |
| `costs.unrelated_month` | a month from referral to `death_day`; part of the whole with `future: related_and_unrelated` |
| `costs.bed_day`, `costs.icu_day` (unless given, `costs.bed_day`), `costs.holding_month` | `units` a day from `start_day` to `end_day` of the item in `quantities` |
| `costs.unused_product` (unless given, `costs.product`), `toxicity` (`cost`) | `units` on `start_day` of the item in `quantities` |
| `costs.society` (perspective `societal`) | `journey` on `apheresis_day`, on each repeated collection and on `infusion_day`; the amounts a month from referral to *end* (`waiting`), while *progression free*, from `relapse_day` to `death_day` (`progressed`), and from *end* to `death_day` of the outcomes other than infused, alternative, standard care and died (`not_infused`) |
| `costs.capacity`, and `costs.unused_product.allogeneic` of doses expired and lots failed | `units` of the item in `supply.csv` by the number of measured patients of the replication, on the day of referral of each |

| utility | a year |
|---|---|
| `utilities.waiting` | from referral to the earlier of `progression_day` and *end* |
| `utilities.progressed` | from `progression_day` to *end*, and from `relapse_day` to `death_day` |
| `utilities.progression_free` | from `infusion_day` while *progression free* |
| `utilities.subsequent_care` (of the outcome, else `utility`) | from *end* to `death_day`, as its cost |
| minus `utilities.hospital_loss` | `units` of bed_day and icu_day from `start_day` to `end_day` |
| minus `utility_loss` of a grade of `toxicity` | from `start_day` to `end_day` of its item |
"""


def dictionary() -> str:
    """All tables in Markdown: grain, and of each column unit, what it can be, what null means, and what it says."""
    parts = [START]
    for title, words, tables in CHAPTERS:
        parts.append(f"## {title}\n\n{words}\n")
        parts += ["\n".join(_of(table)) + "\n" for table in tables]
    return "\n".join(parts)


def _of(table: Table) -> Iterator[str]:
    yield f"### `{table.file}`"
    yield ""
    yield f"One row per {table.grain}." + (f" Key: {', '.join(map(_code, table.key))}." if table.key else "")
    yield ""
    yield "| column | kind | unit | can be | null | what it says |"
    yield "|---|---|---|---|---|---|"
    for column in table.columns:
        yield f"| {' | '.join(_cells(column))} |"


def _cells(column: Column) -> tuple[str, ...]:
    name = _code(column.name) + (" (where asked for)" if column.optional else "")
    bounds = "" if column.bounds is Bounds.NONE else column.bounds.value
    return name, column.kind.value, column.unit, bounds, column.null, column.words


def _code(name: str) -> str:
    return f"`{name}`"
