"""API composition: joins in memory what the services own, each asked through its own read function."""
