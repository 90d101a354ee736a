"""The figure of what a contract paid."""

from __future__ import annotations

from decimal import Decimal

import pytest

from evalkit.fees.invoice import Invoice, Line
from evalkit.report.language.catalogue import LANGUAGES
from evalkit.report.plots.fees import monthly_fees
from evalkit.report.plots.style import figure_bytes

SUMS = {
    ("2020-11", "fixed"): 4000,
    ("2020-11", "job"): 700,
    ("2020-11", "entrepreneurship"): 300,
    ("2021-01", "fixed"): 4000,
    ("2021-01", "mapping"): 75,
    ("2021-01", "training_assembled"): 6000,
    ("2021-01", "labour_training_start"): 300,
    ("2021-02", "job"): 0,
}


@pytest.fixture
def bill() -> Invoice:
    lines = [
        Line(
            month=month,
            event_id=str(number),
            kind=kind,
            paid=net > 0,
            net=Decimal(net),
            vat=Decimal(0),
            gross=Decimal(net),
            reason="",
        )
        for number, ((month, kind), net) in enumerate(SUMS.items())
    ]
    return Invoice(title="", currency="EUR", lines=tuple(lines), through="2021-01")


def heights(ax, part: str) -> list[float]:
    return [bar.get_height() for bar in ax.patches if bar.get_gid() == part]


def test_the_columns_are_the_sums_of_each_part(bill) -> None:
    ax = monthly_fees(bill, language="en")
    assert heights(ax, "fixed") == [4000, 4000]
    assert heights(ax, "mapping") == [0, 75]
    assert heights(ax, "training") == [0, 6300]
    assert heights(ax, "employment") == [1000, 0]


def test_the_parts_stand_on_one_another(bill) -> None:
    ax = monthly_fees(bill, language="en")
    tops = [bar.get_y() + bar.get_height() for bar in ax.patches[-2:]]
    assert tops == [5000, 10375]
    assert ax.get_ylim()[1] > 10375


def test_a_month_without_lines_is_a_gap_and_later_ones_are_left_out(bill) -> None:
    ax = monthly_fees(bill, language="en")
    labels = [label.get_text() for label in ax.get_xticklabels()]
    assert labels == ["Nov", "Dec", "Jan"]


def test_the_caption_has_the_total(bill) -> None:
    ax = monthly_fees(bill, language="en", synthetic=True)
    texts = {text.get_gid(): text.get_text() for text in ax.texts}
    assert "15,375 EUR" in texts["caption"].replace("\n", " ")
    assert texts["tag"] == "Synthetic data"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_gives_the_same_bytes_twice(bill, language) -> None:
    one, other = (
        figure_bytes(monthly_fees(bill, language=language), "svg") for _ in range(2)
    )
    assert one == other
