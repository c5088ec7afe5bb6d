"""What is asked back of an order, and why nothing is drafted. Constants only.

A message that answers one of these is read with the order before it (`answers.changes.continued`).
"""

SAY_UID = "Say the user id that it is to run as."
WHICH_CONTAINER = "Which container is meant"
WHICH_OBJECT = "Which one is meant"
HOW_MANY = "How many replicas is it to have?"
WHICH_LEVEL = "Which level is it to be held to: baseline or restricted?"
WHICH_AMOUNTS = "Which amounts? For example: memory limit 256Mi, cpu request 100m."
WHICH_SUBJECT = "Whom is it no longer to name? Say user, group or service account, and its name."
WHAT_TO_DEPLOY = "To deploy an application I need"
CONFIRM = "Confirm that it works without"
FOLDER = "Say that an empty folder may take its place"
LESS_SAFE = "I propose nothing that makes a workload or its cluster less safe."
NOTHING = "Nothing was asked for."
NO_SUCH_CHANGE = (
    "I know no such change. What I can propose: a fix of what is flagged, replicas, a restart, "
    "a pause, CPU and memory, images pinned to their digests, a service account of its own, Pod Security labels, denied "
    "traffic, a new application, a deletion, and less access."
)
