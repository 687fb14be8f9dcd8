"""The local AWS emulator: MiniStack, started with corrections where it differs from AWS.

`launcher` and `corrections` run in the emulator's own environment; `server` and `cli` start and stop it from the
project's environment. `scripts/emulator/README.md` says what is corrected and what is not simulated.
"""
