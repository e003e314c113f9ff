"""Fixed test people, metrics, and the reports made of them."""
