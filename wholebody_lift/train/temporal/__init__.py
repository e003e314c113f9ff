"""Training of the network over time: motions, clips of frozen answers to them, the loop."""
