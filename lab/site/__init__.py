"""The site: pages that are made of the records in docs/ alone (``make site``)."""
