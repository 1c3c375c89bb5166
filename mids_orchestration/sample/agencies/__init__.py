"""One module per agency: its view of the world, as rows in its own columns, formats and habits.

An agency module reads the world and returns a `FeedView`; it never writes files (deliver, writers) and adds its
truth links to `Links` (truth).
"""
