"""What the program does, over ports: collect, assemble, judge. It knows no device library and no database."""
