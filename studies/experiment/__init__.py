"""The reference experiment: the main job, and the claims that it settles."""
