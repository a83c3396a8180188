"""Taking over what comes in files: one file for each kind of thing."""
