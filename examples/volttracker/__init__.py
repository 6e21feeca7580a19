"""VoltTracker: plug-in hybrids report their drives, and every request leaves one wide event.

The room for a whole application: a real database, a real outgoing call, a domain with words of its own.
`create_app` in `app.py` builds it, `traffic.py` drives it, `questions.py` asks its events, and `demo.py`
shows all three.
"""
