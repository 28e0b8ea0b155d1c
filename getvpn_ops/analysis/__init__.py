"""Proofs about traffic: exact sets of packets, what a member does with them, what a change rekeys or cuts off. Pure."""
