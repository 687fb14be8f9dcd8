"""A seeded simulator and a model checker for the platform's own handlers.

``expressions``, ``values`` and ``dynamodb`` are an in-memory DynamoDB; ``routes`` reads what Terraform deploys;
``cloud`` delivers as EventBridge, Lambda, streams and queues do; ``providers`` are the outside systems; ``world`` runs
one schedule; ``invariants`` judges it; ``checker`` explores every interleaving instead of a drawn one.
"""
