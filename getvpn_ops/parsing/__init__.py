"""Text of a router -> typed state.

The way of a text: ``clean`` takes the terminal's noise off, ``index`` tells which command it answers, ``machine`` runs
the TextFSM template of ``parsers/`` over it, ``build`` turns the rows into the dataclasses of ``model.state``, and
``parse`` puts the account together. A command needs a template, a row of the index, models, and a line in
``commands``; nothing else.
"""

from getvpn_ops.parsing.parse import known_commands, parse
from getvpn_ops.parsing.transcript import Exchange, Piece, Split, Transcript, parse_transcript, split_transcript

__all__ = [
    "Exchange",
    "Piece",
    "Split",
    "Transcript",
    "known_commands",
    "parse",
    "parse_transcript",
    "split_transcript",
]
