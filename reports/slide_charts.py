"""A chart that PowerPoint draws itself, with its numbers inside."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from reports.native import CLUSTERED, COLUMNS, LINES, POINTS, STACKED, Native, Series
from reports.slides import describe, letters
from reports.theme import OFFICE_HATCHES, QUEUE, lighter
from reports.words import APART

DASHES = {"solid": "SOLID", "dash": "DASH", "dot": "ROUND_DOT", "dashdot": "DASH_DOT", "longdash": "LONG_DASH"}
NAME_POINTS, PLOT = 11, 0.72
"""Size of the names in the parts of a bar; how much of a chart's width its longest bar may take at the least."""


def draw_native(slide: Any, where: tuple[float, float, float, float], native: Native, alt: str) -> None:
    """Puts the chart onto the slide at (left, top, width, height), in inches, with its alternative text."""
    from pptx.chart.data import CategoryChartData, XyChartData
    from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION, XL_TICK_LABEL_POSITION
    from pptx.util import Inches, Pt

    forms = {
        CLUSTERED: XL_CHART_TYPE.BAR_CLUSTERED,
        STACKED: XL_CHART_TYPE.BAR_STACKED,
        COLUMNS: XL_CHART_TYPE.COLUMN_CLUSTERED,
        LINES: XL_CHART_TYPE.XY_SCATTER_LINES_NO_MARKERS,
        POINTS: XL_CHART_TYPE.XY_SCATTER,
    }
    shown = "0%" if native.percent else _format(native.series, "y")
    crossed = native.form in (LINES, POINTS)
    data: Any = XyChartData(number_format=shown) if crossed else CategoryChartData(number_format=shown)
    if not crossed:
        data.categories = [_as_text(str(one)) for one in native.categories]
    for one in native.series:
        if crossed:
            series = data.add_series(_as_text(one.name))
            for x, y in zip(one.x, one.y, strict=True):
                series.add_data_point(x, y)
        else:
            data.add_series(_as_text(one.name), [y if math.isfinite(y) else None for y in one.y])
    shape = slide.shapes.add_chart(forms[native.form], *map(Inches, where), data)
    describe(shape, alt)
    chart = shape.chart
    chart.font.size = Pt(14)
    chart.has_title = False
    chart.has_legend = len(native.series) > 1
    if chart.has_legend:
        chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.TOP, False
        chart.legend.font.size = Pt(12 if len(native.series) > 6 else 14)
    if native.form == STACKED:
        chart.has_legend = False
    bars = native.form in (CLUSTERED, STACKED)
    _axis(chart.category_axis, native.x_title, None)
    if crossed:
        below = "mmm yyyy" if native.dated else _format(native.series, "x")
        chart.category_axis.tick_labels.number_format = below
        chart.category_axis.tick_labels.number_format_is_linked = False
    if native.dated:
        chart.category_axis.minimum_scale = min(x for one in native.series for x in one.x)
    if native.form == POINTS:
        # a plane has its numbers at its edges, not along the axes that cross within it
        for axis in (chart.category_axis, chart.value_axis):
            axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    _axis(chart.value_axis, native.y_title, shown)
    if bars:
        chart.category_axis.reverse_order = True
        # with the first category at the top, "high" is the lower edge
        chart.value_axis.tick_label_position = XL_TICK_LABEL_POSITION.HIGH
        chart.category_axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
        chart.plots[0].gap_width = 60
    if native.form == STACKED:
        chart.plots[0].overlap = 100
    if native.form == COLUMNS:
        chart.plots[0].gap_width = 15
    if native.percent and native.form in (LINES, COLUMNS):
        chart.value_axis.minimum_scale = 0
        if native.form == LINES and any(y > 0.5 for one in native.series for y in one.y):
            chart.value_axis.maximum_scale = 1
    for one, drawn in zip(native.series, chart.plots[0].series, strict=True):
        _look(one, drawn, native.form)
    if native.form == STACKED:
        _name_parts(native, chart.plots[0].series, where[2])


def _format(series: Sequence[Series], which: str) -> str:
    """How numbers along an axis are written: with their thousands apart where they have any."""
    most = max((abs(one) for each in series for one in getattr(each, which) if math.isfinite(one)), default=0.0)
    return "#,##0" if most >= APART else "General"


def _as_text(name: str) -> str:
    """A name that the workbook behind a chart holds as text: a blank keeps it from being a formula or a link."""
    return f" {name}" if re.match(r"\{?=|(https?|ftps?|mailto|internal|external|file):", name) else name


def _name_parts(native: Native, drawn: Any, width: float) -> None:
    """Writes name and number into the parts of stacked bars that have room for them; there is no legend."""
    from pptx.dml.color import RGBColor
    from pptx.util import Pt

    longest = max(
        sum(one.y[k] for one in native.series if math.isfinite(one.y[k])) for k in range(len(native.categories))
    )
    for one, series in zip(native.series, drawn, strict=True):
        for k, value in enumerate(one.y):
            room = letters(PLOT * width * value / longest, NAME_POINTS) if math.isfinite(value) else 0
            told = [one.name.split(" (")[0], f"{value:.1f}"]
            if room < max(map(len, told)):
                continue
            frame = series.points[k].data_label.text_frame
            frame.text = "\n".join(told)
            for paragraph in frame.paragraphs:
                paragraph.font.size = Pt(NAME_POINTS)
                white = one.colour == QUEUE
                paragraph.font.color.rgb = RGBColor(255, 255, 255) if white else RGBColor.from_string("1B2530")


def _axis(axis: Any, title: str, shown: str | None) -> None:
    from pptx.dml.color import RGBColor
    from pptx.util import Pt

    axis.has_title = bool(title)
    if title:
        axis.axis_title.text_frame.text = title
        font = axis.axis_title.text_frame.paragraphs[0].font
        font.size, font.bold = Pt(14), False
    axis.major_gridlines.format.line.color.rgb = RGBColor.from_string("DFE4E9")
    axis.has_major_gridlines = shown is not None
    if shown is not None:
        axis.tick_labels.number_format, axis.tick_labels.number_format_is_linked = shown, False


def _look(one: Series, drawn: Any, form: str) -> None:
    from pptx.dml.color import RGBColor
    from pptx.enum.chart import XL_MARKER_STYLE
    from pptx.enum.dml import MSO_LINE, MSO_PATTERN
    from pptx.util import Pt

    colour = RGBColor.from_string(one.colour.lstrip("#"))
    if form == LINES:
        drawn.format.line.color.rgb, drawn.format.line.width = colour, Pt(2.75)
        drawn.format.line.dash_style = getattr(MSO_LINE, DASHES.get(one.dash, "SOLID"))
        drawn.marker.style = XL_MARKER_STYLE.NONE
        drawn.smooth = False
    elif form == POINTS:
        drawn.format.line.fill.background()
        drawn.marker.style, drawn.marker.size = XL_MARKER_STYLE.CIRCLE, 5
        drawn.marker.format.fill.solid()
        drawn.marker.format.fill.fore_color.rgb = colour
        drawn.marker.format.line.fill.background()
    else:
        fill = drawn.format.fill
        if one.hatch:
            fill.patterned()
            fill.pattern = getattr(MSO_PATTERN, OFFICE_HATCHES[one.hatch].upper())
            fill.back_color.rgb = RGBColor.from_string(lighter(one.colour).lstrip("#"))
        else:
            fill.solid()
        fill.fore_color.rgb = colour
        drawn.format.line.color.rgb = RGBColor(255, 255, 255)
        drawn.invert_if_negative = False
        _whiskers(one, drawn)


def _whiskers(one: Series, drawn: Any) -> None:
    """The interval of each bar, as error bars with values of their own; python-pptx has no call for them."""
    from pptx.oxml import parse_xml
    from pptx.oxml.ns import nsdecls, qn

    if not one.low or not any(math.isfinite(low) for low in one.low):
        return

    def values(tag: str, lengths: Sequence[float]) -> str:
        points = "".join(
            f'<c:pt idx="{k}"><c:v>{length!r}</c:v></c:pt>' for k, length in enumerate(lengths) if math.isfinite(length)
        )
        head = f'<c:formatCode>General</c:formatCode><c:ptCount val="{len(lengths)}"/>'
        return f"<c:{tag}><c:numLit>{head}{points}</c:numLit></c:{tag}>"

    plus = [float(high - y) for high, y in zip(one.high, one.y, strict=True)]
    minus = [float(y - low) for low, y in zip(one.low, one.y, strict=True)]
    bars = parse_xml(
        f'<c:errBars {nsdecls("c", "a")}><c:errBarType val="both"/><c:errValType val="cust"/><c:noEndCap val="0"/>'
        f"{values('plus', plus)}{values('minus', minus)}"
        f'<c:spPr><a:ln w="15875"><a:solidFill><a:srgbClr val="1B2530"/></a:solidFill></a:ln></c:spPr></c:errBars>'
    )
    element = drawn._element
    after = next(child for child in element if child.tag in (qn("c:cat"), qn("c:val")))
    after.addprevious(bars)
