"""IOS as data: what is true of the device's language, kept in tables and patterns."""
