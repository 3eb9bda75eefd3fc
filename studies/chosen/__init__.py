"""What the user chose: functions, structures and points, or (nothing) the main job."""
