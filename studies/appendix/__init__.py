"""The proof appendix: a document, a certificate of all that it rests on, and a re-checker."""
