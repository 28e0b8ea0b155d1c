"""SSH, by a library that can be chosen."""
