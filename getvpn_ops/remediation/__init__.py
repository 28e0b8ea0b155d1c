"""Running and intended configuration -> what differs, and an ordered change with its exact way back. Pure."""
