"""Plans as data: how they are written, sealed, fingerprinted and ordered. Pure."""
