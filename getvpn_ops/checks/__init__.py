"""Judgements over state, all pure: health checks and diagnosis. Each package names its specs in explicit tuples."""
