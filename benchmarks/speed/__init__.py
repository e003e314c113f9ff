"""How fast lifting is: what users wait for, and the networks side by side."""
