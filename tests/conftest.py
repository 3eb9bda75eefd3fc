"""What grows is a table: the fast run asks a few of its rows, the slow run all the others."""

import hashlib
from collections import defaultdict

import pytest
from hypothesis import HealthCheck, settings

# how long a draw takes tells of the machine, not of what is tested
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def place(item: pytest.Item) -> bytes:
    """Where a case comes in a table that is shuffled, the same at each run."""
    return hashlib.sha256(item.nodeid.encode()).digest()


@pytest.hookimpl(tryfirst=True)  # before pytest leaves out what is marked as slow
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow all but k cases of each test with the marker ``sampled(k)``."""
    tables = defaultdict(list)
    for item in items:
        marker = item.get_closest_marker("sampled")
        if marker and not item.get_closest_marker("slow"):
            tables[item.path, item.originalname, marker.args[0]].append(item)
    for (_, _, k), cases in tables.items():
        for item in sorted(cases, key=place)[k:]:
            item.add_marker(pytest.mark.slow)
