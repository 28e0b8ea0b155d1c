"""Plans are made here, and applied: guarded, journaled, read back, reconciled."""
