"""What stands around the axes of every figure: title, key, tag and caption."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.transforms import ScaledTranslation

from evalkit.report.plots.lettering import text_width, wrapped
from evalkit.report.plots.style import (
    FAINT_INK,
    POINTS_AN_INCH,
    WARNING,
    axes_size,
    new_axes,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.transforms import Transform

TITLE_SIZE = 15.0
CAPTION_SIZE = 8.5
_TITLE_LINE = 20.0
_CAPTION_LINE = 12.5
_KEY_ROW = 28.0
_TAG_SIZE = 10.0
_EDGE = 14.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Texts around the axes, and the room they take.

    Attributes
    ----------
    title, caption
        Texts above and below.
    tag
        Warning in a box, such as ``Synthetic data``; empty for none.
    above, below, left, right
        Room in points for what the figure itself puts around its axes, between them
        and the texts.
    """

    title: str
    caption: str
    tag: str = ""
    above: float = 0.0
    below: float = 0.0
    left: float = 60.0
    right: float = 20.0

    def axes(self, *, width: float, height: float) -> Axes:
        """Return new axes, `height` points high, in a figure `width` points wide."""
        room = width - 2 * _EDGE
        top = self._header(len(self._title_lines(room)))
        bottom = self.below + len(self._caption_lines(room)) * _CAPTION_LINE + 16
        return new_axes(
            width=width / POINTS_AN_INCH,
            height=(top + height + bottom) / POINTS_AN_INCH,
            margins=(self.left, self.right, top, bottom),
        )

    def draw(self, ax: Axes, handles: list[Artist]) -> None:
        """Write title, key, tag and caption around axes."""
        width, _ = axes_size(ax)
        room = width + self.left + self.right - 2 * _EDGE
        ax.set_title(
            "\n".join(self._title_lines(room)),
            loc="left",
            x=(_EDGE - self.left) / width,
            pad=self.above + _KEY_ROW + 4,
        )
        if handles:
            self._draw_key(ax, handles)
        if self.tag:
            self._draw_tag(ax)
        ax.annotate(
            "\n".join(self._caption_lines(room)),
            (0, 0),
            xytext=(_EDGE - self.left, -self.below - 6),
            xycoords="axes fraction",
            textcoords="offset points",
            va="top",
            color=FAINT_INK,
            fontsize=CAPTION_SIZE,
            linespacing=1.25,
            gid="caption",
        )

    def _draw_key(self, ax: Axes, handles: list[Artist]) -> None:
        ax.legend(
            handles=handles,
            loc="lower left",
            bbox_to_anchor=(0, 1),
            bbox_transform=shifted(ax, up=self.above),
            ncols=len(handles),
            borderaxespad=0.35,
            borderpad=0.2,
            columnspacing=1.6,
            handletextpad=0.5,
            handlelength=2.0,
        )

    def _draw_tag(self, ax: Axes) -> None:
        ax.annotate(
            self.tag,
            (1, 1),
            xytext=(self.right - _EDGE - 6, self.above + _KEY_ROW / 2 - 2),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="right",
            va="center",
            color="white",
            fontsize=_TAG_SIZE,
            fontweight="bold",
            bbox={
                "facecolor": WARNING,
                "edgecolor": "none",
                "boxstyle": "square,pad=.4",
            },
            gid="tag",
        )

    def _header(self, title_lines: int) -> float:
        return self.above + _KEY_ROW + 4 + title_lines * _TITLE_LINE + 10

    def _title_lines(self, room: float) -> list[str]:
        return wrapped(self.title, TITLE_SIZE, room, bold=True)

    def _caption_lines(self, room: float) -> list[str]:
        return wrapped(self.caption, CAPTION_SIZE, room)


def shifted(ax: Axes, *, right: float = 0, up: float = 0) -> Transform:
    """Return coordinates of the axes (0 to 1), moved by points."""
    move = ScaledTranslation(
        right / POINTS_AN_INCH, up / POINTS_AN_INCH, ax.figure.dpi_scale_trans
    )
    return ax.transAxes + move


def widest(texts: Sequence[str], size: float, *, bold: bool = False) -> float:
    """Return the width of the widest text in points."""
    return max((text_width(text, size, bold=bold) for text in texts), default=0.0)
