"""When a stage may start, what time counts, what is lost: the edges, worked out by hand."""

from __future__ import annotations

import math

import pytest

from sim.pure.hours import Hours

DAYTIME = ((0.25, 0.75), (1.25, 1.75), (2.25, 2.75))


@pytest.mark.parametrize(
    ("day", "start"),
    [(0.0, 0.25), (0.25, 0.25), (0.5, 0.5), (0.75, 1.25), (1.0, 1.25), (2.5, 2.5), (2.75, math.inf), (9.5, math.inf)],
)
def test_a_stage_starts_in_an_opening_which_is_half_open(day: float, start: float) -> None:
    assert Hours(openings=DAYTIME).start(day, 0.5) == start
    assert Hours(openings=DAYTIME).span(day, 1.0) == (start, start + 1.0, False)


def test_what_has_no_opening_never_starts_and_what_never_counts_never_ends() -> None:
    assert Hours(openings=()).span(3.25, 2.0) == (math.inf, math.inf, False)
    assert Hours(counts=()).span(3.25, 2.0) == (3.25, math.inf, False)
    assert Hours(openings=(), viable=1.5).span(3.25, 2.0) == (4.75, 4.75, True)
    assert Hours(openings=(), losses=(9.0,)).span(3.25, 2.0) == (math.inf, math.inf, False)


def test_what_is_always_open_starts_at_any_time() -> None:
    assert Hours().span(3.25, 2.0) == (3.25, 5.25, False)
    assert Hours(counts=((0.0, 1.0),)).start(0.5, 1.0) == 0.5


@pytest.mark.parametrize(
    ("day", "duration", "start"),
    [
        (0.25, 0.5, 0.25),  # exactly fits
        (0.5, 0.25, 0.5),
        (0.5, 0.375, 1.25),
        (0.75, 0.0, 1.25),  # what takes no time cannot start at the closing either
        (0.5, 0.75, math.inf),  # fits into none of them
        (2.5, 0.5, math.inf),
    ],
)
def test_what_must_fit_ends_by_the_closing(day: float, duration: float, start: float) -> None:
    assert Hours(openings=DAYTIME, fit=True).start(day, duration) == start


@pytest.mark.parametrize(
    ("begun", "duration", "end"),
    [
        (0.25, 0.5, 0.75),  # used up at the closing: ends there, not at the next opening
        (0.25, 0.75, 1.5),
        (0.0, 0.25, 0.5),
        (0.75, 0.5, 1.75),
        (0.0, 0.0, 0.25),  # the next time that counts
        (0.5, 0.0, 0.5),
        (0.75, 0.0, 1.25),
        (2.5, 0.25, 2.75),
        (2.5, 1.0, math.inf),  # a quarter in the last interval, after which nothing counts
        (5.0, 1.0, math.inf),
    ],
)
def test_only_time_that_counts_is_counted(begun: float, duration: float, end: float) -> None:
    assert Hours(counts=DAYTIME).end(begun, duration) == end


@pytest.mark.parametrize(
    ("day", "span"),
    [
        (1.0, (1.0, 3.0, False)),  # ends at the instant of the loss: it is through
        (1.5, (1.5, 3.0, True)),
        (3.0, (3.0, 3.0, True)),  # starts at the instant of the loss
        (3.25, (3.25, 5.25, False)),
        (6.5, (6.5, 8.0, True)),
        (8.5, (8.5, 10.5, False)),
    ],
)
def test_what_is_under_way_at_a_loss_is_lost(day: float, span: tuple[float, float, bool]) -> None:
    assert Hours(losses=(3.0, 8.0)).span(day, 2.0) == span


def test_what_takes_no_time_is_never_under_way() -> None:
    assert Hours(losses=(3.0,)).span(3.0, 0.0) == (3.0, 3.0, False)


def test_a_loss_while_it_waits_for_an_opening_does_not_concern_it() -> None:
    assert Hours(openings=((0.0, 1.0), (4.0, 9.0)), losses=(3.0,)).span(2.0, 1.0) == (4.0, 5.0, False)


@pytest.mark.parametrize(
    ("viable", "span"),
    [(2.0, (4.0, 5.0, False)), (1.75, (3.75, 3.75, True)), (0.0, (2.0, 2.0, True)), (math.inf, (4.0, 5.0, False))],
)
def test_what_waits_longer_than_it_is_viable_is_lost(viable: float, span: tuple[float, float, bool]) -> None:
    assert Hours(openings=((0.0, 1.0), (4.0, 9.0)), viable=viable).span(2.0, 1.0) == span
    assert Hours(openings=((0.0, 1.0), (4.0, 9.0)), viable=viable).span(0.5, 1.0) == (0.5, 1.5, False)
