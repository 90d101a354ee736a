"""The fees of a contract that pays by results: invoices, and what a result costs."""
