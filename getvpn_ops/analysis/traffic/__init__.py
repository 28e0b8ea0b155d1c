"""What becomes of traffic between sites: now, at each step of a change, and for how long while keys spread."""
