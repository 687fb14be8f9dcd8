"""Small modules that packages carry in place of large ones of which they need little."""
