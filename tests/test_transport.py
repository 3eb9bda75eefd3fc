"""Matrices between the pool and its workers: they arrive as they were sent."""

import json

import numpy as np
import pytest

from symgrad.numeric.transport import pack, unpack


@pytest.mark.parametrize(
    "M",
    [
        np.array([[0.1, -0.0], [1e-310, 1e308]]),
        np.array([[1 + 2j, 3], [-0.5j, 0.1]]),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(6, dtype=np.float32).reshape(3, 2).T,
        np.array([np.nan, np.inf, -np.inf]),
        np.array(3.5),
        np.zeros((0, 2)),
    ],
)
def test_a_matrix_arrives_as_it_was_sent(M):
    arrived = unpack(json.loads(json.dumps(pack(M))))
    assert arrived.dtype == (np.complex128 if np.iscomplexobj(M) else np.float64)
    assert arrived.shape == M.shape
    assert arrived.tobytes() == np.ascontiguousarray(M.astype(arrived.dtype)).tobytes()
    arrived.flags.writeable = True


def test_a_large_matrix_takes_eleven_bytes_an_entry():
    assert len(json.dumps(pack(np.random.default_rng(0).random((100, 100))))) < 110_000


@pytest.mark.parametrize(
    "change",
    [
        {"shape": [3, 2]},
        {"shape": [-2, -2]},
        {"shape": "22"},
        {"real": "AAAA"},
        {"real": "A" * 43 + "?"},
        {"real": [[1.0, 2.0], [3.0, 4.0]]},
        {"imaginary": "AAAA"},
    ],
)
def test_what_was_not_packed_is_an_error(change):
    packed = pack(np.eye(2))
    assert np.array_equal(unpack(packed), np.eye(2))
    with pytest.raises((ValueError, TypeError)):
        unpack({**packed, **change})
