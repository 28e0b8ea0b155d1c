"""The only door to devices: inventory, SSH, Nornir, Netmiko, NAPALM."""
