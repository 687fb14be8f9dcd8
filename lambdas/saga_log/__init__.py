"""The saga log: keeps every event of every saga, in order, for people to read. It only ever adds."""
