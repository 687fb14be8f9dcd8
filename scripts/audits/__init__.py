"""Audits of what the project is made with: secrets in it, its dependencies, its workflows, its bill of materials."""
