"""A Hub on this machine; :class:`tests.hub.server.HubServer` is the door."""
