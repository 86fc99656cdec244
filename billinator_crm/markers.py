"""What the code tells itself in the context: objects, which no RPC caller can send."""

# Who says so makes the row of an activity or a person himself.
ROW_FOLLOWS = object()
# The rows of all people are made at once, afterwards.
ROWS_FOLLOW = object()
