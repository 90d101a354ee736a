"""People in: the register and the pilot list, read and checked."""
