"""The only door to slack_bolt and slack_sdk: listeners, identity, rendering, streaming."""
