"""A simulated register with a known hazard, drawn from month after month."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evalkit.cohort.cohort import Cohort

PEOPLE, ARRIVALS, MONTHS, END = 560, 44, (16, 20, 24, 28, 32, 36, 40), 66
CONTROLS, PILOTS, LONGEST = 70, 16, 400


def declining(week: np.ndarray) -> np.ndarray:
    """Weekly chance of leaving in a week of unemployment, counted from 1."""
    return 0.03 + 0.06 * np.exp(-(week - 1) / 12)


def constant(week: np.ndarray) -> np.ndarray:
    return np.full(np.shape(week), 0.055)


def survival(hazard, weeks, *, ratio=1.0, start=0):
    """True survival at each week of those who have lasted until `start`."""
    steps = 1 - ratio * hazard(np.arange(start + 1, max(weeks) + 1))
    curve = np.concatenate([[1.0], np.cumprod(steps)])
    return curve[np.asarray(weeks) - start]


def lasting(random, hazard, since, ratio=1.0):
    """Weeks of unemployment of people who have lasted `since` weeks."""
    weeks = np.arange(1, LONGEST + 1)
    leaves = random.random((len(since), LONGEST)) < ratio * hazard(weeks)
    leaves &= weeks > since[:, None]
    leaves[:, -1] = True
    return leaves.argmax(axis=1) + 1


def stock_register(random, hazard, *, ratio=1.0) -> Cohort:
    """Draw controls anew each month, and let the pilot take others of the stock.

    People stay in the stock until they leave, so that many controls are drawn again:
    their rows end in the same week. From their referral on pilots leave `ratio` times
    as fast; the rows of those who were controls before end there.
    """
    registered = random.integers(0, ARRIVALS, PEOPLE)
    left = registered + lasting(random, hazard, np.zeros(PEOPLE))
    referred = np.full(PEOPLE, END)
    parts = []
    for month in MONTHS:
        here = (registered <= month) & (left > month) & (referred == END)
        chosen = random.choice(np.flatnonzero(here), PILOTS + CONTROLS, replace=False)
        pilots = chosen[:PILOTS]
        referred[pilots] = month
        before = month - registered[pilots]
        left[pilots] = registered[pilots] + lasting(random, hazard, before, ratio)
        parts.append(
            pd.DataFrame(
                {
                    "person": chosen,
                    "pilot": np.arange(len(chosen)) < PILOTS,
                    "month": f"{month:02d}",
                    "start": month,
                    "weeks_before": month - registered[chosen],
                    "left": left[chosen],
                }
            )
        )
    people = pd.concat(parts, ignore_index=True)
    end = np.where(people["pilot"], END, referred[people["person"]])
    return Cohort.from_frame(
        people.assign(
            weeks=np.minimum(people["left"], end) - people["start"],
            exited=people["left"] <= end,
        ),
        group="pilot",
        outcome="exited",
        person="person",
        month="month",
        weeks="weeks",
        exited="exited",
        weeks_before="weeks_before",
    )
