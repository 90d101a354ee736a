"""The plan: what is drawn, followed and estimated, and the columns it speaks of."""
