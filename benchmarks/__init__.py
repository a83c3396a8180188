"""Where the figures of the README come from: each module runs by one make target."""
