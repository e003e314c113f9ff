"""What the documentation quotes from the code: one function per block, one module per group of pages."""
