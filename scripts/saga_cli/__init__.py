"""The command `scripts/saga`: orders and their sagas in the terminal."""
