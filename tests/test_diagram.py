"""The path in words and as a flow chart."""

from __future__ import annotations

from sim.pieces.diagram import mermaid, outline
from sim.pieces.strategies import build_protocol
from tests.runs import CASES, FILES, load_text, shipped

SMALL = """
name: Small
strategy: autologous
regions: {here: {centre: here, referrals: 1 / month}}
centres: {here: {}}
clocks: {waiting: {progression: never}}
manufacturing: {duration: 10 d, lines: 2, failure: 0.1, attempts: 2}
"""


def test_the_outline_reads_like_the_protocol() -> None:
    assert outline(build_protocol(load_text(SMALL).scenario)) == [
        "A patient, from referral on",
        "  [listing]",
        "  [slot]",
        "  [apheresis]",
        "  [collected]",
        "  [received_at_factory]",
        "  manufacture: at most 2 attempts at",
        "    queue for one line; hold it for:",
        "      [manufacturing]",
        "      manufacturing.duration: 10 d on average",
        "      if manufacturing.failure: 0.1 of all",
        "        then:",
        "          the attempt fails",
        "      [manufactured]",
        "    [released]",
        "    [product_received]",
        "    after the last failure:",
        "      end: product_failed",
        "  [lymphodepletion]",
        "  [ready_for_infusion]",
        "  [infusion]",
        "  the clocks stop",
        "  [discharge]",
        "  end: infused",
    ]


def test_the_flow_chart_ties_every_node_and_branch() -> None:
    lines = mermaid(build_protocol(load_text(SMALL).scenario)).splitlines()
    nodes = [line.split("[")[0].split("(")[0].split("{")[0].strip() for line in lines[1:] if "-->" not in line]
    arrows = [line.strip() for line in lines if "-->" in line]
    reached = {arrow.split()[-1] for arrow in arrows}
    assert lines[0] == "flowchart TD"
    assert reached == set(nodes[1:])
    assert [arrow for arrow in arrows if "|yes|" in arrow] == ["n10 -->|yes| n11"]


def test_every_shipped_path_has_both() -> None:
    for file in (*FILES, *CASES):
        protocol = build_protocol(shipped(file).scenario)
        assert outline(protocol)[0] == "A patient, from referral on"
        assert mermaid(protocol).startswith("flowchart TD")


def test_names_from_files_stay_text_in_a_chart() -> None:
    text = SMALL.replace(
        "here: {centre: here, referrals: 1 / month}", "a-b: {centre: here, referrals: 1 / month, travel: 1 d}"
    )
    assert "travel/a-b" in mermaid(build_protocol(load_text(text).scenario))
