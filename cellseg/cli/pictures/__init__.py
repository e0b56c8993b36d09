"""Pictures of results: panels, errors in colour, contact sheets."""
