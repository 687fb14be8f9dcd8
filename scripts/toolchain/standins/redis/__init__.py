"""Nothing of redis-py but its modules: who imports one of them does not load every command of every server."""
