"""The one HTTP server: chat and desk pages, their sockets, files, and health."""
