"""Shares that depend on whose cells they are: by risk group, and by recent therapy."""

from __future__ import annotations

from sim.pieces.brief import by_flag, choose
from sim.pieces.step_up import HELD
from sim.pieces.steps import Choose, Fail, Noted, Path
from sim.pure.odds import share_at_odds
from sim.scenario import Scenario


def choose_by_cells(s: Scenario, what: str, purpose: str, share: float, then: Path, otherwise: Path = ()) -> Path:
    """The branch, with the odds of each patient; `what`: which of the odds ratios counts.

    Whoever is of no kind with an odds ratio is decided on by the same draw as without any, and so is everybody else
    first: a second draw then adds to those to whom it happens, or takes from them, what the odds ratio asks for.
    """
    groups = {name: getattr(ratios, what) for name, ratios in s.cells.by_risk_group.items()}
    held = getattr(s.cells.after_holding, what) if s.before_apheresis.holding.share > 0.0 else 1.0

    def of(name: str, ratio: float) -> Path:
        plain = _tilted(purpose, share, ratio, name, then, otherwise)
        if held == 1.0:
            return plain
        return (Choose(Noted(HELD), _tilted(purpose, share, ratio * held, f"{name}/held", then, otherwise), plain),)

    return by_flag({f"risk_group/{name}": of(name, ratio) for name, ratio in groups.items()} | {"": of("", 1.0)})


def fail_by_cells(s: Scenario, what: str, purpose: str, share: float) -> Path:
    """The attempt fails with this share, or as the odds of the patient are."""
    return choose_by_cells(s, what, purpose, share, (Fail(),))


def _tilted(purpose: str, share: float, ratio: float, kind: str, then: Path, otherwise: Path) -> Path:
    """The branch by two draws, which together are the share at these odds."""
    its = float(share_at_odds(share, ratio))
    if ratio == 1.0 or its == share:
        return choose(purpose, share, then, otherwise)
    if its > share:
        more = choose(f"{purpose}/more/{kind}", (its - share) / (1.0 - share), then, otherwise)
        return choose(purpose, share, then, more)
    return choose(purpose, share, choose(f"{purpose}/fewer/{kind}", its / share, then, otherwise), otherwise)
