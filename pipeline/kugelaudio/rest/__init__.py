"""The REST half of the API: calls as data, carried out by a blocking or an awaiting transport."""
