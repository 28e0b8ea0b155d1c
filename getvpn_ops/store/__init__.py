"""What is kept: runs, captures, outcomes. SQLite by default, PostgreSQL by URL."""
