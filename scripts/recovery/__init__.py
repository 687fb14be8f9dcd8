"""The command `scripts/recover`: a service's table is rolled back to an earlier point, and brought forward again.

Point-in-time recovery restores into a new table. Its contents are then put into the table that Terraform owns, so that
names, stream and relay stay what they are.

What happened since the point is in the archive. Giving that to the service's functions again is not enough, and not
safe either, by the rules of docs/saga.md: they hold as long as a row is never behind an event that it has published. A
rolled back row is. A do whose undo had left a tombstone would find no row, and come alive in an order that was
cancelled; the report of a do that failed after its write went through would find no row either, and take back an order
that was shipped. No order of events helps, for one of the two wants the undo first and the other one the do.

So the events that the service itself has published since the point go first: each is what its row said in one write,
and puts the row back to that, without running anything and without asking a provider or sending a mail. After that no
row is behind what it has published, and the archive may be given to the service's functions, in any order: what was
published is a duplicate, and what had been written and not published was never seen by anybody.

Stock is not in the events as a figure; it follows from the deliveries, reservations and releases, which are applied in
their order, each in one transaction with its row.
"""
