"""A document with everything that one can hold."""

from __future__ import annotations

import math

from evalkit.report.document import (
    Chapter,
    Column,
    Document,
    Facts,
    Figure,
    Flow,
    Mark,
    Table,
    Text,
)
from evalkit.report.language.catalogue import read_language
from evalkit.report.plots.style import figure_bytes, new_axes

HOSTILE = (
    "<script>alert(1)</script>",
    '=HYPERLINK("http://example.org";"x")',
    "\"quoted\" and 'quoted'",
    "@SUM(A1)",
    "👩‍🔧 työpaja",
    "</style><img src=x onerror=alert(1)>",
    "ä" * 10_000,
)


def table(
    name: str = "months", caption: str = "Months", first: str = "1/2021"
) -> Table:
    masked = (Mark.MASKED,) * 5
    missing = (2.0, math.nan, math.nan, (math.nan, math.nan), math.nan)
    return Table(
        name=name,
        caption=caption,
        columns=(
            Column("month"),
            Column("n", "count"),
            Column("share", "share"),
            Column("difference", "points"),
            Column("95% CI", "interval"),
            Column("p", "chance"),
        ),
        rows=(
            (first, 1234.0, 0.4231, 0.03, (-0.01, 0.07), 0.0001),
            ("2/2021", *masked),
            ("3/2021", *missing),
        ),
        note="A note.",
    )


def document(code: str = "en", text: str = "A text", *, warning: str = "") -> Document:
    picture = figure_bytes(new_axes(width=6, height=3), "svg").decode()
    pilots = (("referred", 500.0, 500.0), (text, 12.0, 488.0))
    controls = (("drawn", 500.0, 500.0), (text, Mark.MASKED, Mark.MASKED))
    figures = [
        Figure(
            name=name, alternative=f"The {name} figure", svg=picture, table=table(name)
        )
        for name in ("first", "second")
    ]
    flow = Flow(
        paths=(("pilot group", pilots), ("control group", controls)),
        table=table("flow", "Who was left out"),
    )
    return Document(
        title=text,
        subtitle="2021",
        language=read_language(code),
        warning=warning,
        foot="Everybody, three months",
        chapters=(
            Chapter(
                name="answer",
                title="What the data say",
                blocks=(
                    Text(text, "caution"),
                    Text("The answer.", "lead"),
                    Text("More."),
                    Facts(((text, "what it is"), ("lag", text))),
                ),
            ),
            Chapter(
                name="people", title=text, blocks=(flow, *figures, table(first=text))
            ),
        ),
    )
