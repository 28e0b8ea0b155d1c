"""``acl lint``, ``diff`` and ``explain``: lists of files, routers, captures and intents."""
