"""Where numbers come from: which source stands behind which number, and what is said of sources that are wrong."""

# Messages stand whole, so that they can be searched for.
# ruff: noqa: E501

from __future__ import annotations

from pathlib import Path

import pytest

from sim.scenario import Parameter, ScenarioError, load, read_evidence, reference, write_resolved
from sim.scenario.load import require_fit
from sim.scenario.naming import changed_meaning
from tests.scenario.writing import AUTOLOGOUS, DATA, EVIDENCE, load_text, problems, write

SOURCED = (
    AUTOLOGOUS
    + """\
  failure: 0.1
  attempts: 2
sources:
  regions: assumption
  manufacturing: "AL-13: as for other products"
  manufacturing.duration: MF-14 AL-13
"""
)


def sources(parameters: tuple[Parameter, ...]) -> dict[str, tuple[str, str, bool]]:
    """(ids, note, whether stated) by path, of those with a source or set by somebody."""
    return {p.path: (" ".join(p.source_ids), p.note, p.stated) for p in parameters if p.note != "program default"}


def test_the_longest_path_counts(tmp_path: Path) -> None:
    loaded = load_text(tmp_path, SOURCED)
    assert sources(loaded.parameters) == {
        "regions.here.referrals": ("assumption", "", True),
        "regions.here.travel": ("assumption", "", True),
        "regions.here.declines": ("assumption", "", True),
        "manufacturing.slots": ("AL-13", "as for other products", True),
        "manufacturing.batches": ("AL-13", "as for other products", True),
        "manufacturing.lines": ("AL-13", "as for other products", True),
        "manufacturing.duration": ("MF-14 AL-13", "", True),
        "manufacturing.remake_duration": ("AL-13", "as for other products", True),
        "manufacturing.failure": ("AL-13", "as for other products", True),
        "manufacturing.attempts": ("AL-13", "as for other products", True),
    }


def test_parameters_have_the_words_of_the_file_and_their_origin(tmp_path: Path) -> None:
    text = SOURCED.replace("21 d", "{weibull: {shape: 2, median: 3 wk}}")
    found = {p.path: p for p in load_text(tmp_path, text, "run.start=2026-02-01").parameters}
    assert found["manufacturing.duration"].value_text == "{weibull: {shape: 2, median: 3 wk}}"
    assert found["manufacturing.duration"].origin == str(tmp_path / "mine.yaml")
    assert found["regions.here.referrals"].value_text == "4 / month"
    assert found["centres.here.beds"] == Parameter(
        "centres.here.beds", "unlimited", ("assumption",), "program default", "", stated=True
    )
    assert found["run.start"] == Parameter(
        "run.start", "2026-02-01", ("assumption",), "set on the command line", "--set run.start", stated=False
    )


def test_long_lists_are_cut(tmp_path: Path) -> None:
    values = ", ".join(f"{k} d" for k in range(1, 101))
    loaded = load_text(tmp_path, AUTOLOGOUS, f"manufacturing.duration={{empirical: [{values}]}}")
    [duration] = [p for p in loaded.parameters if p.path == "manufacturing.duration"]
    assert duration.value_text == "{empirical: [1 d, 2 d, 3 d, 4 d, 5 d, ... 100 in all]}"


def test_a_number_without_a_source_is_an_assumption_that_nobody_stated(tmp_path: Path) -> None:
    found = sources(load_text(tmp_path, AUTOLOGOUS).parameters)
    assert found == {
        "regions.here.referrals": ("assumption", "no source given", False),
        "manufacturing.duration": ("assumption", "no source given", False),
    }


def test_every_number_is_listed_once_and_no_word_is(tmp_path: Path) -> None:
    paths = [p.path for p in load(DATA / "autologous.yaml").parameters]
    assert len(paths) == len(set(paths))
    assert {"manufacturing.slots.count", "clocks.waiting.death", "patients.risk_groups.high.share"} <= set(paths)
    assert not {"strategy", "waiting_list.policy", "manufacturing.slots.every", "infusion.reservation"} & set(paths)
    assert not any(path.startswith(("validation", "sources", "allogeneic")) for path in paths)


def test_a_changed_number_loses_its_inherited_source(tmp_path: Path) -> None:
    write(tmp_path, SOURCED, "base.yaml")
    found = sources(
        load_text(tmp_path, "extends: base.yaml\nmanufacturing: {failure: 0.2, duration: 20 d}\n").parameters
    )
    assert found["manufacturing.failure"] == ("assumption", "no source given", False)
    assert found["manufacturing.duration"] == ("assumption", "no source given", False)
    assert found["manufacturing.attempts"] == ("AL-13", "as for other products", True)


def test_so_does_a_distribution_of_which_a_part_changed(tmp_path: Path) -> None:
    write(tmp_path, SOURCED.replace("21 d", "{lognormal: {median: 19 d, sigma: 0.5}}"), "base.yaml")
    text = "extends: base.yaml\nmanufacturing: {duration: {lognormal: {median: 20 d}}}\n"
    found = sources(load_text(tmp_path, text).parameters)
    assert found["manufacturing.duration"] == ("assumption", "no source given", False)


def test_a_changed_number_with_a_source_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, SOURCED, "base.yaml")
    text = "extends: base.yaml\nmanufacturing: {failure: 0.2}\nsources: {manufacturing.failure: MF-14}\n"
    found = sources(load_text(tmp_path, text).parameters)
    assert found["manufacturing.failure"] == ("MF-14", "", True)
    assert found["manufacturing.attempts"] == ("AL-13", "as for other products", True)


def test_a_later_file_may_give_a_better_source_for_an_old_number(tmp_path: Path) -> None:
    write(tmp_path, SOURCED, "base.yaml")
    found = sources(load_text(tmp_path, "extends: base.yaml\nsources: {manufacturing.failure: MF-14}\n").parameters)
    assert found["manufacturing.failure"] == ("MF-14", "", True)
    # as long a path as that of the number's own file does not
    found = sources(load_text(tmp_path, "extends: base.yaml\nsources: {manufacturing: MF-14}\n").parameters)
    assert found["manufacturing.failure"] == ("AL-13", "as for other products", True)


def test_sources_on_the_command_line(tmp_path: Path) -> None:
    override = ("manufacturing.failure=0.3", "sources.manufacturing.failure='MF-14: a guess'")
    found = sources(load_text(tmp_path, SOURCED, *override).parameters)
    assert found["manufacturing.failure"] == ("MF-14", "a guess", True)
    found = sources(load_text(tmp_path, SOURCED, *override[:1]).parameters)
    assert found["manufacturing.failure"] == ("assumption", "set on the command line", False)


def test_numbers_from_a_csv_belong_to_the_file_that_names_it(tmp_path: Path) -> None:
    write(tmp_path, "days\n3\n", "days.csv")
    loaded = load_text(tmp_path, SOURCED.replace("21 d", "{empirical: days.csv}"))
    [duration] = [p for p in loaded.parameters if p.path == "manufacturing.duration"]
    assert (duration.source_ids, duration.origin) == (("MF-14", "AL-13"), str(tmp_path / "mine.yaml"))


def test_the_resolved_file_keeps_the_sources(tmp_path: Path) -> None:
    loaded = load_text(tmp_path, SOURCED, "run.seed=5")
    again = load_text(tmp_path / "again", write_resolved(loaded))
    assert sources(again.parameters) == sources(loaded.parameters) | {
        "run.seed": ("assumption", "no source given", False)
    }


ALLOWED = "allowed: evidence ids, or the word assumption or records"


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("manufacturing.duraton: MF-14", "sources.manufacturing.duraton: matches nothing in the scenario; allowed: paths of its values and sections; did you mean 'manufacturing.duration'?"),
        ("zzz: MF-14", "sources.zzz: matches nothing in the scenario; allowed: paths of its values and sections"),
        ("manufacturing.slots.count: MF-14", "sources.manufacturing.slots.count: is a part of one value; allowed: a source for all of 'manufacturing.slots'"),
        ("manufacturing.duration: MF-41", f"sources.manufacturing.duration: found 'MF-41'; {ALLOWED}; did you mean 'MF-14'?"),
        ("manufacturing.duration: asumption", f"sources.manufacturing.duration: found 'asumption'; {ALLOWED}; did you mean 'assumption'?"),
        ("manufacturing.duration: TL-24", "sources.manufacturing.duration: found 'TL-24', which is unverified; allowed: verified evidence ids, or the word assumption or records"),
        ("manufacturing.duration: assumption MF-14", f"sources.manufacturing.duration: found assumption beside 'MF-14'; {ALLOWED}"),
        ("manufacturing.duration: ': a note'", f"sources.manufacturing.duration: found no source before the ':'; {ALLOWED}"),
        ("manufacturing.duration: ''", "sources.manufacturing.duration: found an empty text; allowed: evidence ids, or the word assumption or records, and then ': ' and a note (in quotes)"),
        ("manufacturing.duration: 14", "sources.manufacturing.duration: found 14; allowed: evidence ids, or the word assumption or records, and then ': ' and a note (in quotes)"),
        ("manufacturing: {duration: MF-14}", "sources.manufacturing: found a section with 'duration'; allowed: evidence ids, or the word assumption or records, and then ': ' and a note (in quotes)"),
        ("run: assumption: chosen", "not valid YAML: mapping values are not allowed here; a text that holds ': ' stands in quotes, and keys of one section start in one column"),
    ],
)  # fmt: skip
def test_what_is_wrong(tmp_path: Path, entry: str, message: str) -> None:
    assert problems(tmp_path, f"{AUTOLOGOUS}sources:\n  {entry}\n") == [f"mine.yaml:12: {message}"]


def test_several_wrong_ones_at_once(tmp_path: Path) -> None:
    found = problems(tmp_path, f"{AUTOLOGOUS}sources:\n  zzz: XX-1 XX-2\n  run: TL-24\n")
    assert [problem[:12] for problem in found] == ["mine.yaml:12"] * 3 + ["mine.yaml:13"]
    assert problems(tmp_path, f"{AUTOLOGOUS}sources: [a]\n")[0].startswith("mine.yaml:11: sources: found [a]")


def test_a_source_of_what_a_later_file_takes_away_is_no_error(tmp_path: Path) -> None:
    base = AUTOLOGOUS + "  slots: {count: 4, every: month}\nsources:\n  manufacturing.slots.count: MF-14\n"
    write(tmp_path, base, "base.yaml")
    assert problems(tmp_path, "extends: base.yaml\nmanufacturing: {slots: unlimited}\n") == []


def test_words_may_have_a_source_too(tmp_path: Path) -> None:
    text = (
        AUTOLOGOUS
        + "  slots: {count: 1, every: week}\nwaiting_list: {policy: lottery}\nsources: {waiting_list.policy: MF-14}\n"
    )
    assert problems(tmp_path, text) == []


def test_many_entries_do_not_take_long(tmp_path: Path) -> None:
    entries = "".join(f"  zz{k}: MF-14\n" for k in range(5_000))
    found = problems(tmp_path, f"{AUTOLOGOUS}sources:\n{entries}")
    assert len(found) == 1001
    assert "more than 1000 entries" in found[-1]


def test_without_a_table_of_evidence(tmp_path: Path) -> None:
    file = write(tmp_path, SOURCED)
    with pytest.raises(Exception, match=r"found 'MF-14', but the table of evidence \(evidence.tsv\) is missing"):
        load(file, evidence=tmp_path / "none.tsv")
    assert load(DATA / "autologous.yaml", evidence=tmp_path / "none.tsv").scenario.name == "Autologous, sample"


def test_evidence() -> None:
    rows = read_evidence(EVIDENCE)
    assert rows is not None
    assert list(rows) == ["MF-14", "AL-13", "TL-24"]
    row = rows["MF-14"]
    assert (row.quantity, row.value, row.unit, row.verified) == ("Time of manufacture", "9", "d", "yes")
    assert reference("MF-14", EVIDENCE) == "Author, Journal 2023, 10.1000/1"
    assert reference("AL-13", EVIDENCE) == "Other, Journal 2022"
    assert reference("assumption", EVIDENCE) == reference("XX-1", EVIDENCE) == ""
    assert read_evidence(DATA / "none.tsv") is None


def test_evidence_is_read_again_when_it_changes(tmp_path: Path) -> None:
    file = write(tmp_path, EVIDENCE.read_text(encoding="utf-8"), "evidence.tsv")
    assert reference("AL-13", file) == "Other, Journal 2022"
    write(tmp_path, EVIDENCE.read_text(encoding="utf-8").replace("Other", "Another"), "evidence.tsv")
    assert reference("AL-13", file) == "Another, Journal 2022"


IDLE = (
    AUTOLOGOUS
    + """\
  attempts: ATTEMPTS
  remake_from: retained_cells
sources:
  manufacturing.attempts: "assumption: nobody tries twice"
  manufacturing.remake_from: "assumption: cells are kept"
"""
)


def test_a_default_that_is_written_and_idle_keeps_its_source(tmp_path: Path) -> None:
    loaded = load_text(tmp_path, IDLE.replace("ATTEMPTS", "1"))
    assert any("manufacturing.attempts has no effect" in dropped.sentence for dropped in loaded.dropped)
    assert sources(loaded.parameters)["manufacturing.attempts"] == ("assumption", "nobody tries twice", True)


def test_a_source_goes_with_the_value_that_it_spoke_of(tmp_path: Path) -> None:
    loaded = load_text(tmp_path, IDLE.replace("ATTEMPTS", "3"))
    assert loaded.scenario.manufacturing.attempts == 1
    assert any("manufacturing.attempts has no effect" in dropped.sentence for dropped in loaded.dropped)
    assert "manufacturing.attempts" not in sources(loaded.parameters)
    assert "nobody tries twice" not in write_resolved(loaded)


def test_words_keep_their_sources_when_a_scenario_is_written(tmp_path: Path) -> None:
    text = AUTOLOGOUS + "  site: factory\n"
    mine = 'sources: {manufacturing.site: "assumption: as now", strategy: AL-13}\n'
    resolved = write_resolved(load_text(tmp_path, text + mine))
    assert "manufacturing.site: 'assumption: as now'" in resolved
    assert "strategy: AL-13" in resolved
    again = load(write(tmp_path, resolved, "again.yaml"), evidence=EVIDENCE)
    assert write_resolved(again) == resolved
    # another word has another source
    child = write(tmp_path, "extends: mine.yaml\nname: Child\nmanufacturing: {site: centre}\n", "child.yaml")
    assert "as now" not in write_resolved(load(child, evidence=EVIDENCE))


def test_what_ones_own_parent_leaves_out_is_said_of_the_child(tmp_path: Path) -> None:
    write(tmp_path, IDLE.replace("ATTEMPTS", "3"))
    told = changed_meaning({"child": load(write(tmp_path, "extends: mine.yaml\nname: Child\n", "child.yaml"))})
    assert any("manufacturing.attempts has no effect" in sentence for sentence in told)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("manufacturing.falure", "unknown key; did you mean 'failure'?"),
        ("manufacturing.failure.x", "manufacturing.failure: its middle does not fit: found a section with 'x'; allowed: a proportion from 0 to 1"),
        ("work_up.duration", "its middle does not fit: found 0.1 without a unit; "),
    ],
)  # fmt: skip
def test_an_uncertain_input_that_there_is_not(tmp_path: Path, path: str, message: str) -> None:
    entry = "{uniform: {low: 0, high: 0.2}, source: assumption}"
    [found] = problems(tmp_path, f"{AUTOLOGOUS}uncertainty:\n  {path}: {entry}\n")
    assert found.startswith(f"mine.yaml:12: uncertainty.{path}: {message}")


def test_an_uncertain_input_at_its_default(tmp_path: Path) -> None:
    entry = "{uniform: {low: 0, high: 0.2}, source: assumption}"
    load_text(tmp_path, f"{AUTOLOGOUS}uncertainty:\n  regions.here.declines: {entry}\n")


def test_check_tries_the_distribution_of_each_input(tmp_path: Path) -> None:
    wide = "{normal: {mean: 5, sd: 1}, source: assumption}"
    loaded = load_text(tmp_path, f"{AUTOLOGOUS}  failure: 0.1\nuncertainty:\n  manufacturing.failure: {wide}\n")
    with pytest.raises(ScenarioError, match="its middle does not fit: found 5; allowed: a proportion from 0 to 1"):
        require_fit(loaded)


def test_check_tries_shares_of_a_set_together(tmp_path: Path) -> None:
    """One of them alone would leave the others with another sum, and without the rest of their set."""
    share = "{{dirichlet: {{events: {}, among: groups}}, source: assumption}}"
    groups = "patients.risk_groups"
    entries = f"  {groups}.low.share: {share.format(60)}\n  {groups}.high.share: {share.format(40)}\n"
    split = f"{AUTOLOGOUS}patients: {{risk_groups: {{low: {{share: 0.75}}, high: {{share: 0.25}}}}}}\n"
    require_fit(load_text(tmp_path, f"{split}uncertainty:\n{entries}"))
    rest = f"{groups}.high.share: {{uniform: {{low: 0, high: 0.1}}, source: assumption}}\n"
    with pytest.raises(ScenarioError, match=r"the proportions sum to 0\.8"):
        require_fit(load_text(tmp_path, f"{split}uncertainty:\n  {rest}"))


def test_check_tells_of_middles_that_fit_one_by_one_and_not_together(tmp_path: Path) -> None:
    ages = f"{AUTOLOGOUS}patients: {{age: {{mean: 50 y, sd: 6 y, youngest: 30 y, oldest: 85 y}}}}\n"
    low = "  patients.age.youngest: {uniform: {low: 44 y, high: 49 y}, source: assumption}\n"
    mean = "  patients.age.mean: {uniform: {low: 31 y, high: 46 y}, source: assumption}\n"
    require_fit(load_text(tmp_path, f"{ages}uncertainty:\n{low}"))
    require_fit(load_text(tmp_path, f"{ages}uncertainty:\n{mean}"))
    told = r"uncertainty\.patients\.age\.mean: the middles do not fit together: found 38\.5 y; allowed: from 46\.5 y to 85 y"
    with pytest.raises(ScenarioError, match=told):
        require_fit(load_text(tmp_path, f"{ages}uncertainty:\n{low}{mean}"))
    # draws keep this order
    above = mean.replace("source", "below: patients.age.oldest, source")
    oldest = "  patients.age.oldest: {uniform: {low: 50 y, high: 90 y}, source: assumption}\n"
    require_fit(load_text(tmp_path, f"{ages}uncertainty:\n{low}{above}{oldest}"))
