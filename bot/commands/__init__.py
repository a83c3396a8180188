"""The commands of the command line, one file per kind; each loads what it needs when it runs, so that help is quick."""
