"""Text of a configuration -> its tree and its typed view."""
