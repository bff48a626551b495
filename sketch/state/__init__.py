"""What the person has done: document, history, journal, session, settings, logs and commands."""
