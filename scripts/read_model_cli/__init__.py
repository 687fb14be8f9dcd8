"""The command `scripts/rebuild-read-model`: makes the read model's projection anew and switches to it."""
