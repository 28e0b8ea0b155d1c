"""Values -> what people and programs read: terminal, JSON, YAML. Never touches a device."""
