"""Pages for people: case lists, hit reports, possible matches, alerts, actions, the queue, the audit."""
