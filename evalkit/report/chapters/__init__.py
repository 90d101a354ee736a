"""The chapters of a report, each from what of an evaluation may leave the building."""
