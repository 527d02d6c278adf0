"""A figure as Plotly's own class, which knows every property that there is."""

from __future__ import annotations

import plotly.graph_objects as go

from reports.figure import Figure


def validated(figure: Figure) -> go.Figure:
    """The figure as Plotly's own; raises ValueError for what Plotly does not have or refuses."""
    return go.Figure(figure.plain())
