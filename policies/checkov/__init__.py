"""Checks for checkov of event-driven services on AWS; `--external-checks-dir` takes this folder."""
