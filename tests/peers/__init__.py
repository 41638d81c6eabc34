"""Programs nobody here wrote, to test simops against: `./run peers`. `./run check` does without them and Node."""
