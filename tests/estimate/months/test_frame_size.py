"""Differences that stand for one frame only."""

from __future__ import annotations

import pytest

from evalkit.errors import EstimationError
from evalkit.estimate.shares.differences import difference_in_shares

METHODS = ["newcombe", "score", "agresti-caffo", "wald"]


def test_agrees_with_r(reference) -> None:
    for row in reference("frame_size").to_dict("records"):
        found = difference_in_shares(
            (int(row["x1"]), int(row["n1"])),
            (int(row["x0"]), int(row["n0"])),
            level=row["level"],
            frame_size=int(row["frame_size"]),
        )
        for name in ("se", "ci_low", "ci_high"):
            assert getattr(found, name) == pytest.approx(row[name], abs=1e-8)


@pytest.mark.parametrize("method", METHODS)
def test_it_narrows_from_the_sample_to_the_whole_frame(method) -> None:
    sizes = [None, 10**9, 8000, 600, 500]
    found = [
        difference_in_shares((70, 100), (230, 500), method=method, frame_size=size)
        for size in sizes
    ]
    widths = [one.ci_high - one.ci_low for one in found]
    assert widths == sorted(widths, reverse=True)
    assert widths[1] == pytest.approx(widths[0], abs=1e-7)
    assert {one.estimate for one in found} == {0.7 - 0.46}
    pilots_alone = (0.7 * 0.3 / 100) ** 0.5
    assert found[-1].se == pytest.approx(pilots_alone, rel=0.01)
    assert found[0].note == ""
    assert found[-1].note == "for a frame of 500 people only"


@pytest.mark.parametrize("size", [499, 500.5, True])
def test_a_frame_holds_its_sample(size) -> None:
    with pytest.raises(EstimationError, match="at least the 500 people"):
        difference_in_shares((70, 100), (230, 500), frame_size=size)
