"""What each router needs to be managed and to keep its keys, and the line that would cut it off."""
