"""Pictures of a run as inline SVG, drawn by our own pure code: no library, no script, no style but classes."""
