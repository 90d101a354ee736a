"""Figures as files."""

from __future__ import annotations

import subprocess
import sys
from xml.etree import ElementTree as ET

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure

from evalkit.errors import EvalkitError
from evalkit.report.plots.style import (
    CONTROL,
    PILOT,
    evalkit_style,
    figure_bytes,
    new_axes,
    save_figure,
)


def drawn():
    with evalkit_style():
        ax = new_axes(width=4, height=3)
        ax.plot([1, 2], [3, 4])
        ax.set_title("5 $ and 6 $")
    return ax


@pytest.mark.parametrize("file_format", ["svg", "png"])
def test_two_drawings_have_the_same_bytes(file_format):
    assert figure_bytes(drawn(), file_format) == figure_bytes(drawn(), file_format)


def test_a_figure_and_its_axes_give_the_same_file():
    ax = drawn()
    assert isinstance(ax.figure, Figure)
    assert figure_bytes(ax.figure, "svg") == figure_bytes(ax, "svg")


def test_svg_is_xml_without_a_date_or_a_version():
    content = figure_bytes(drawn(), "svg")
    ET.fromstring(content)  # noqa: S314  (our own file)
    assert b"dc:date" not in content
    assert mpl.__version__.encode() not in content


def test_saving_writes_each_format_whole(tmp_path):
    paths = save_figure(drawn(), tmp_path / "results" / "2021.a")
    assert [path.name for path in paths] == ["2021.a.svg", "2021.a.png"]
    assert paths[0].read_bytes().startswith(b"<?xml")
    assert paths[1].read_bytes().startswith(b"\x89PNG")


def test_matplotlibs_settings_are_left_alone():
    before = dict(mpl.rcParams)
    figure_bytes(drawn(), "png")
    assert dict(mpl.rcParams) == before


def test_figures_need_no_window():
    code = "import evalkit.report.plots.months, sys; print(*sys.modules)"
    shown = subprocess.run(  # noqa: S603  (our own code)
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )
    assert "evalkit.report.plots.months" in shown.stdout
    assert "pyplot" not in shown.stdout


def test_groups_differ_by_shape_and_by_lightness():
    def lightness(color: str) -> float:
        red, green, blue = mpl.colors.to_rgb(color)
        return 0.299 * red + 0.587 * green + 0.114 * blue

    assert PILOT.marker != CONTROL.marker
    assert PILOT.filled != CONTROL.filled
    assert lightness(CONTROL.color) - lightness(PILOT.color) > 0.2


def test_axes_without_a_figure_are_refused():
    ax = drawn()
    ax.remove()
    with pytest.raises(EvalkitError, match="figure"):
        figure_bytes(ax, "png")
