"""Takes, ledgers and budgets that several machines share: in a folder, or in an object store through fsspec."""
