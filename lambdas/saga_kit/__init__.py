"""What a participant of a saga needs; it knows nothing about orders.

``envelope`` and ``schema`` hold the contract of events, ``rules`` the states of a step, ``step`` its do and undo,
``store`` its row, ``outbox`` and ``relay`` the way of an event to the bus, ``participant`` and ``http`` the handlers.
"""
