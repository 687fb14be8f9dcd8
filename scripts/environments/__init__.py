"""Which deployment of the platform a command works on: the one on this machine, or one in AWS."""
