"""What routers should hold, and how what they run differs."""
