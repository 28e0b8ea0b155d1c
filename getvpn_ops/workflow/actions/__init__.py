"""The catalogue of actions: single commands and keys, each a typed, guarded plan of its own."""
