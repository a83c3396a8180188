"""The records and the business of Frontdesk; knows nothing of chats, HTTP or timers."""
