"""Out: what may leave, in which language, as tables and figures."""
