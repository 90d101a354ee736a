"""The control sample, its certificate, and the follow-up of both groups."""
