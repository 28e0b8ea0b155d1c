"""What show commands tell, one typed model a command: frozen, slotted dataclasses.

A field is None when the release, the role or the mode does not print it. Field names are the TextFSM value names in
lower case; ``parsing.build`` turns the text into the field's type.
"""
