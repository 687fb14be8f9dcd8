"""The read model: keeps every event of every order, and answers across services what none of them can be asked."""
