"""auth: the people, organisations and identities of a school system."""
