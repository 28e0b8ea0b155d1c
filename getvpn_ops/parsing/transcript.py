"""placeholder"""
Piece = Transcript = parse_transcript = None
