"""What downstream may know: events and state of orders as the public topics tell them.

A contract of its own (docs/kafka.md): nothing stored is told unless it is written out here.
"""
