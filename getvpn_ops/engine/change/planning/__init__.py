"""Plans are made here: devices are read, what should be done is worked out, and what it would do is predicted."""
