"""The judgement on one reported gradient: may it be judged, is it right, what is it called."""
