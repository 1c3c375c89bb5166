"""The warehouse: rules every model keeps, and a small one built and read."""
