"""The command `scripts/redrive`: what ended in the queues of a deployment, and how it is put back.

There are six kinds of dead letters, and each goes back to where it was on its way to, and nowhere else:

- an event that EventBridge could not deliver (the rule target's queue): to the function that it was for, invoked
  asynchronously, with Lambda's retries and the function's on-failure destination behind it. It is not put on the bus,
  which would deliver it again to everybody else who has had it;
- the report of an asynchronous invocation that was given up (the function's queue): its payload to the same function,
  invoked asynchronously;
- the bare event of such an invocation (the same queue, where the function has a dead-letter configuration): likewise;
- an event out of a function's queue that failed as often as it was tried (the function's queue of failures), or that
  EventBridge could not put there: to the queue, which hands it to the function;
- the report of stream records that a relay gave up (the relay's queue), which names the records and does not hold them:
  the records are read from the stream, which keeps them for a day, and given to the relay;
- an event that the bus could not encrypt or decrypt (the bus's queue): to the bus, for nobody has had it.

A message leaves its queue only after that. What is put back twice does no harm: every function finds in its row what
was done before.
"""
