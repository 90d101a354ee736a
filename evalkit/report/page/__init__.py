"""A document as one file for a browser: no network, readable by everybody."""
