"""What runs around the engine: backups."""
