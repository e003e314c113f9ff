"""3D results as files, for this library and for other programs; one file a kind."""
