"""What a GDOI group should be -> the intended configuration of each of its routers. Pure."""
