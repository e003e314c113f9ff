"""The body's rigid parts, bones and joints: geometry that knows only the skeleton."""
