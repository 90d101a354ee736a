"""The service itself: who was referred, started, completed and left for what."""
