"""One fault, seen in every place where operators look."""
