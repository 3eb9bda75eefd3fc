"""The watch: releases of the frameworks, each beside the last record, and what changed."""
