"""The datasheet of the synthetic people: measures, page and pictures."""
