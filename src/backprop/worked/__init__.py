"""The book's worked examples as worksheets, one module for each kind of layer."""
