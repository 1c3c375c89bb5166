"""Files a stranger might send: odd but legitimate, of every format, made by code."""
