"""Who a router is and whom it lets in: accounts, passwords, keys, certificates."""
