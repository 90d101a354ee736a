"""How the documentation is built. Nothing is fetched from anywhere."""

from __future__ import annotations

import sys
from pathlib import Path

import evalkit

sys.path.insert(0, str(Path(__file__).parent))  # for the modules beside this file

from plan_reference import plan_reference

project = "evalkit"
author = "The evalkit authors"
project_copyright = author
version = release = evalkit.__version__

extensions = [
    "mathml",
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
]
exclude_patterns = ["_build"]
templates_path = ["_templates"]
default_role = "py:obj"
smartquotes = False  # quotes in a plan are straight
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3

autosummary_generate = True
autodoc_typehints = "signature"
numpydoc_show_class_members = False

html_theme = "furo"
html_title = f"evalkit {version}"
html_math_renderer = "mathml"


def fill_in(_app: object, page: str, source: list[str]) -> None:
    """Write the reference of the plan's keys into its page."""
    if page == "plan":
        source[0] = source[0].replace("<!-- keys of the plan -->", plan_reference())


def setup(app: object) -> None:
    """Tell Sphinx about `fill_in`."""
    app.connect("source-read", fill_in)
