"""What may leave the building: one decision, before any table, figure or page."""
