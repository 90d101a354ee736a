"""Studies to try: a synthetic Satakunta and real people of Pennsylvania."""
