"""One session: keys in, screen out; the shell behind the prompt, and the dialogs of its commands."""
