"""The service of the Satakunta study: when it ran, and its targets."""

from __future__ import annotations

import datetime as dt

from evalkit.service.plan import ServicePlan, commented_service_plan

_NOTE = """\
The service of the pilot of Satakunta, 2019-2022: when it ran, and the
targets that its report names (sections 2.2, 3.1, 3.2 and 4.1).

The report's own: the targets' numbers; the pause from 31 March to the end
of May 2020; the classes of age; labour market training counted only from
2021. It gives three numbers for training that are not the same (100 clients
guided, 110 persons starting, 18 trainings), and widened the 60 % from work
and recruitment training to entrepreneurs: all stand here.

Our readings: the targets' shares are of the referred; a part of a year has
its part of a yearly target; the pilot's list does not tell recruitment
training from other training, nor how long a job lasted."""

_SERVICE = {
    "service": {
        "first": "2019-09",
        "last": "2021-12",
        "closes": "2022-03",
        "pauses": ["2020-04", "2020-05"],
        "way": "way",
    },
    "words": {
        "results": {"työ": "work", "koulutus": "training", "yrittäjä": "entrepreneur"},
        "ways": {"ryhmä": "group", "yksilö": "individual"},
    },
    "counting": [
        {"first": dt.date(2019, 9, 1), "routes": ["work", "entrepreneur"]},
        {"first": dt.date(2021, 1, 1), "routes": ["work", "training", "entrepreneur"]},
    ],
    "yearly": [
        {"name": "referrals", "measure": "referred", "least": 1000, "most": 1200},
        {"name": "recruitment trainings", "measure": "trainings", "least": 18},
        {
            "name": "persons starting in recruitment trainings",
            "measure": "trainees",
            "least": 110,
        },
        {
            "name": "clients guided to recruitment trainings",
            "measure": "trainees",
            "least": 100,
        },
    ],
    "shares": [
        {
            "name": "employed at least three months",
            "routes": ["work"],
            "lasting": True,
            "share": 0.5,
        },
        {"name": "work or training", "routes": ["work", "training"], "share": 0.6},
        {
            "name": "work, training or entrepreneurship",
            "routes": ["work", "training", "entrepreneur"],
            "share": 0.6,
        },
    ],
}


def service_text() -> str:
    """Return the service's plan as the text of its file."""
    return commented_service_plan(ServicePlan.model_validate(_SERVICE), note=_NOTE)
