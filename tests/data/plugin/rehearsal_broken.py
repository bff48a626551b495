"""A plug-in that cannot be imported."""

raise ImportError("no such framework")
