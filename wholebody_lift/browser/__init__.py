"""The page that runs in a browser alone: camera or file, MediaPipe, the tiny network, the viewer."""
