"""What pages of the documentation quote from the code: a function for each block, a module for some pages."""
