"""How a run is shown: on the terminal and as JSON.  It knows the court's records, nothing else."""
