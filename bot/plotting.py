"""A chart as a PNG in the colours of the pages, lettered A, B, C: the caption says in any language what is what."""

import io
import math
from collections.abc import Callable, Sequence

from PIL import Image, ImageDraw, ImageFont

from crm_core.reports import Chart, Series

WIDTH, HEIGHT = 960, 600
LETTERS = "ABCDEFGH"

_SHADES = 128  # of the finished picture: a third of the bytes, and no eye sees it
_FINE = 2  # drawn so many times larger and then made smaller, for smooth edges
_LEFT, _RIGHT, _TOP, _BOTTOM = 84, 64, 40, 64
_SURFACE, _INK, _QUIET, _LINE, _SOFT = "#FFFDF9", "#24221D", "#68635A", "#E2DCCE", "#DEEBE4"
_ACCENT = (0x17, 0x59, 0x4A)
_COLOURS = ("#17594A", "#A87412", "#B4552D", "#5A6A88", "#24221D")  # accent, brass, clay, slate, ink
_TICKS = 4
_APART = 30  # between two letters at the ends of lines
_MOST_DAYS = 8  # named below the lines

_Point = tuple[float, float]


def draw(chart: Chart) -> bytes:
    """The PNG, 960 by 600 points, light. Takes some 50 ms: not for a transaction to wait for."""
    image = Image.new("RGB", (WIDTH * _FINE, HEIGHT * _FINE), _SURFACE)
    pen = _Pen(image)
    kinds: dict[str, Callable[[_Pen, Chart], None]] = {"lines": _lines, "bars": _bars, "grid": _grid}
    kinds[chart.kind](pen, chart)
    out = io.BytesIO()
    image.resize((WIDTH, HEIGHT), Image.Resampling.BOX).quantize(_SHADES, dither=Image.Dither.NONE).save(out, "PNG")
    return out.getvalue()


def scale(most: float) -> list[float]:
    """Round numbers from 0 to at least `most`, three to six of them; whole ones for whole numbers of things."""
    step = max(most, 1.0) / _TICKS
    power = 10.0 ** math.floor(math.log10(step))
    step = max(next(one * power for one in (1, 2, 2.5, 5, 10) if one * power >= step * 0.999), 1.0)
    step = math.ceil(step) if step < 10 else step
    return [step * number for number in range(math.ceil(max(most, 1.0) / step) + 1)]


def short(value: float) -> str:
    """A number in few signs: 0.5, 12, 12k, 1.2M."""
    for unit, sign in ((1e6, "M"), (1e4, "k")):
        if abs(value) >= unit:
            divided = value / (1e6 if sign == "M" else 1e3)
            return f"{divided:.1f}".removesuffix(".0") + sign
    return f"{value:.1f}".removesuffix(".0")


class _Pen:
    """Draws in points of the finished picture."""

    def __init__(self, image: Image.Image) -> None:
        self._draw = ImageDraw.Draw(image)

    def line(self, points: Sequence[_Point], colour: str, width: float) -> None:
        self._draw.line([self._at(one) for one in points], fill=colour, width=round(width * _FINE), joint="curve")

    def box(self, start: _Point, end: _Point, colour: str, radius: float = 0) -> None:
        self._draw.rounded_rectangle([self._at(start), self._at(end)], radius * _FINE, fill=colour)

    def text(self, at: _Point, words: str, colour: str = _QUIET, size: int = 22, anchor: str = "mm") -> None:
        self._draw.text(self._at(at), words, fill=colour, font=ImageFont.load_default(size * _FINE), anchor=anchor)

    def mark(self, at: _Point, number: int, colour: str) -> None:
        """A point of a line; each line has a shape of its own, because colour never speaks alone."""
        x, y = at
        reach = 7.0
        if number % 5 in {0, 4}:
            box = [self._at((x - reach, y - reach)), self._at((x + reach, y + reach))]
            inside = colour if number % 5 == 0 else _SURFACE
            self._draw.ellipse(box, fill=inside, outline=colour, width=3 * _FINE)
            return
        shapes: dict[int, list[_Point]] = {
            1: [(-1, -1), (1, -1), (1, 1), (-1, 1)],
            2: [(0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)],
            3: [(0, -1.2), (1.2, 1), (-1.2, 1)],
        }
        corners = [self._at((x + dx * reach, y + dy * reach)) for dx, dy in shapes[number % 5]]
        self._draw.polygon(corners, fill=colour)

    def _at(self, point: _Point) -> _Point:
        return point[0] * _FINE, point[1] * _FINE


def _lines(pen: _Pen, chart: Chart) -> None:
    values = [value for one in chart.series for value in one.values if value is not None]
    ticks = scale(max(values, default=0.0))
    right, bottom = WIDTH - _RIGHT, HEIGHT - _BOTTOM

    def x_of(place: int) -> float:
        steps = len(chart.places) - 1
        return _LEFT + 24 + (right - _LEFT - 48) * (place / steps if steps else 0.5)

    def y_of(value: float) -> float:
        return bottom - (bottom - _TOP) * value / ticks[-1]

    for tick in ticks:
        pen.line([(_LEFT, y_of(tick)), (right, y_of(tick))], _QUIET if tick == 0 else _LINE, 2)
        pen.text((_LEFT - 14, y_of(tick)), short(tick), anchor="rm")
    every = math.ceil(len(chart.places) / _MOST_DAYS)
    for place in range(len(chart.places) - 1, -1, -every):
        pen.text((x_of(place), bottom + 30), chart.places[place][5:], size=20)
    for number, one in reversed(list(enumerate(chart.series))):
        points = [(x_of(place), y_of(value)) for place, value in enumerate(one.values) if value is not None]
        if len(points) > 1:
            pen.line(points, _colour(number), 4)
        for point in points:
            pen.mark(point, number, _colour(number))
    ends = {number: y_of(end) for number, one in enumerate(chart.series) if (end := _last(one)) is not None}
    for number, y in spread(ends, _TOP, bottom).items():
        pen.text((right + 26, y), LETTERS[number], _colour(number), 26)


def spread(wanted: dict[int, float], top: float, bottom: float) -> dict[int, float]:
    """Places for letters near where they are wanted, apart from each other and between top and bottom."""
    found: dict[int, float] = {}
    ceiling = top
    for number in sorted(wanted, key=lambda one: (wanted[one], one)):
        found[number] = max(wanted[number], ceiling)
        ceiling = found[number] + _APART
    floor = bottom
    for number in reversed(list(found)):
        found[number] = min(found[number], floor)
        floor = found[number] - _APART
    return found


def _bars(pen: _Pen, chart: Chart) -> None:
    values = [one.values[0] or 0.0 for one in chart.series]
    most = max([*values, 0.0]) or 1.0
    height = min((HEIGHT - 2 * _TOP) / max(len(values), 1), 110)
    for number, value in enumerate(values):
        middle = _TOP + height * (number + 0.5)
        end = _LEFT + (WIDTH - _LEFT - 150) * value / most
        pen.text((_LEFT - 26, middle), LETTERS[number], _colour(number), 26)
        if value:
            pen.box((_LEFT, middle - height * 0.3), (max(end, _LEFT + 4), middle + height * 0.3), _colour(number), 2)
        pen.text((end + 14, middle), short(value), _INK, 24, "lm")


def _grid(pen: _Pen, chart: Chart) -> None:
    """Rows and columns are named R and F with their numbers; the fuller a field, the darker."""
    most = max((value or 0.0 for one in chart.series for value in one.values), default=0.0)
    width = (WIDTH - _LEFT - 40) / max(len(chart.places), 1)
    height = (HEIGHT - _TOP - _BOTTOM) / max(len(chart.series), 1)
    for row, one in enumerate(chart.series):
        top = _TOP + height * row
        pen.text((_LEFT - 26, top + height / 2), f"R{one.name}", _QUIET, 24, "rm" if len(one.name) > 2 else "mm")
        for column, value in enumerate(one.values):
            left = _LEFT + width * column
            full = (value or 0.0) / most if most else 0.0
            pen.box((left + 3, top + 3), (left + width - 3, top + height - 3), _tint(full), 7)
            ink = _SURFACE if full > 0.6 else _INK
            pen.text((left + width / 2, top + height / 2), short(value or 0.0), ink, 26)
    for column, place in enumerate(chart.places):
        pen.text((_LEFT + width * (column + 0.5), HEIGHT - _BOTTOM + 30), f"F{place}", _QUIET, 24)


def _tint(full: float) -> str:
    """Between the soft ground (0) and the accent (1)."""
    soft = (int(_SOFT[1:3], 16), int(_SOFT[3:5], 16), int(_SOFT[5:7], 16))
    mixed = [round(light + (dark - light) * full) for light, dark in zip(soft, _ACCENT, strict=True)]
    return "#{:02X}{:02X}{:02X}".format(*mixed)


def _colour(number: int) -> str:
    return _COLOURS[number % len(_COLOURS)]


def _last(one: Series) -> float | None:
    return next((value for value in reversed(one.values) if value is not None), None)
