"""How evalkit's figures look, and how they become files.

Figures are made with matplotlib's objects, never with pyplot: no window, no global
state. DejaVu Sans comes with matplotlib, so text is as wide on every machine. In SVG
text is drawn as shapes: an office's computer without that font shows the same figure,
and nothing overlaps; the numbers to copy are in the table beside the figure.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from evalkit.errors import EvalkitError
from evalkit.storage import write_whole

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

Format = Literal["svg", "png", "pdf"]
FORMATS: tuple[Format, ...] = ("svg", "png")
POINTS_AN_INCH = 72.0
DOTS_AN_INCH = 160

INK = "#222222"
FAINT_INK = "#5f5f5f"
GRID = "#dedede"
SHADE = "#efefef"
HATCH = "#b9b9b9"
WARNING = "#8c1c13"


@dataclass(frozen=True, slots=True)
class GroupStyle:
    """How a group is drawn: told apart by colour, by lightness and by shape."""

    color: str
    marker: str
    filled: bool
    line: Any

    @property
    def marks(self) -> dict[str, Any]:
        """Properties of the group's markers and bars."""
        return {
            "color": self.color,
            "marker": self.marker,
            "markerfacecolor": self.color if self.filled else "white",
            "markeredgecolor": self.color,
        }


PILOT = GroupStyle("#08457e", "o", filled=True, line="-")
CONTROL = GroupStyle("#d0680c", "s", filled=False, line=(0, (4, 2)))

_STYLE: Any = {
    "font.family": ["DejaVu Sans"],
    "font.size": 10,
    "text.color": INK,
    "text.parse_math": False,  # a label from a plan may hold a dollar sign
    "axes.edgecolor": FAINT_INK,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.axisbelow": True,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 15,
    "axes.titleweight": "bold",
    "axes.unicode_minus": True,
    "xtick.color": FAINT_INK,
    "ytick.color": FAINT_INK,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "hatch.linewidth": 0.8,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.fonttype": "path",
    "svg.hashsalt": "evalkit",
    "pdf.fonttype": 42,  # letters that can be searched and edited
    "path.simplify": False,
}
_METADATA: dict[Format, dict[str, Any]] = {
    "svg": {"Date": None, "Creator": None},
    "png": {"Software": None},
    "pdf": {"Creator": None, "Producer": None, "CreationDate": None},
}


def evalkit_style() -> AbstractContextManager[None]:
    """Return a context in which matplotlib draws as evalkit does.

    Examples
    --------
    >>> with evalkit_style():
    ...     ax = new_axes(width=6, height=4)
    >>> ax.spines["top"].get_visible()
    False
    """
    return rc_context(_STYLE)


def new_axes(
    *,
    width: float,
    height: float,
    margins: tuple[float, float, float, float] = (60, 20, 40, 40),
) -> Axes:
    """Return the axes of a new figure.

    Parameters
    ----------
    width, height
        Size of the figure in inches.
    margins
        Room left, right, above and below the axes, in points.

    Returns
    -------
    matplotlib.axes.Axes
        Its figure is ``ax.figure``.

    Examples
    --------
    >>> ax = new_axes(width=10, height=5)
    >>> whole_figure(ax).get_size_inches().tolist()
    [10.0, 5.0]
    """
    figure = Figure(figsize=(width, height), dpi=DOTS_AN_INCH)
    FigureCanvasAgg(figure)
    left, right, above, below = (margin / POINTS_AN_INCH for margin in margins)
    return figure.add_axes(
        (
            left / width,
            below / height,
            (width - left - right) / width,
            (height - above - below) / height,
        )
    )


def whole_figure(ax: Axes) -> Figure:
    """Return the figure that axes are drawn in.

    Examples
    --------
    >>> ax = new_axes(width=4, height=3)
    >>> whole_figure(ax) is ax.figure
    True
    """
    figure = ax.get_figure(root=True)
    if figure is None:
        raise EvalkitError("These axes have been taken out of their figure.")
    return figure


def axes_size(ax: Axes) -> tuple[float, float]:
    """Return the width and height of axes in points.

    Examples
    --------
    >>> axes_size(new_axes(width=2, height=1, margins=(0, 0, 0, 0)))
    (144.0, 72.0)
    """
    box = ax.get_position()
    width, height = whole_figure(ax).get_size_inches() * POINTS_AN_INCH
    return float(box.width * width), float(box.height * height)


def figure_bytes(figure: Figure | Axes, file_format: Format) -> bytes:
    """Return a figure as a file: the same bytes whenever and wherever it is drawn.

    Parameters
    ----------
    figure
        A figure, or axes of it.
    file_format
        ``"svg"``, ``"png"`` or ``"pdf"``.

    Examples
    --------
    >>> figure_bytes(new_axes(width=4, height=3), "png")[1:4]
    b'PNG'
    """
    whole = whole_figure(figure) if isinstance(figure, Axes) else figure
    file = io.BytesIO()
    with evalkit_style():
        whole.savefig(
            file,
            format=file_format,
            dpi=DOTS_AN_INCH,
            metadata=_METADATA[file_format],
        )
    return file.getvalue()


def save_figure(
    figure: Figure | Axes, path: Path, *, formats: tuple[Format, ...] = FORMATS
) -> list[Path]:
    """Write a figure in each format and return the files' paths.

    Parameters
    ----------
    figure
        A figure, or axes of it.
    path
        Path without its ending: ``results/monthly_shares``.
    formats
        ``"svg"``, ``"png"``, ``"pdf"``: any of them.

    Returns
    -------
    list of pathlib.Path
        Files written, in the order of `formats`.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = save_figure(new_axes(width=4, height=3), Path(folder) / "figure")
    >>> [file.name for file in files]
    ['figure.svg', 'figure.png']
    """
    paths = [path.with_name(f"{path.name}.{ending}") for ending in formats]
    for target, file_format in zip(paths, formats, strict=True):
        write_whole(target, figure_bytes(figure, file_format))
    return paths
