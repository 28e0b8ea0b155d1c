"""Prediction and lock-out on the living or captured fleet: from what routers print to the models of ``analysis``."""
