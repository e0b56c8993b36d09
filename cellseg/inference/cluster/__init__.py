"""One prediction on the workers of a cluster: batches of tiles are handed out, and put into the journal."""
