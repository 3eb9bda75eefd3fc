"""Callables of PaddlePaddle are not recorded, and told what to write instead."""

import numpy as np
import pytest

import symgrad
from symgrad.court.errors import InputError


def test_it_is_said_what_to_write_instead():
    with pytest.raises(InputError, match="paddle does not tell what f executes; give function="):
        symgrad.check(lambda X: X.sum(), np.eye(2), framework="paddle")
    with pytest.raises(InputError, match="or write f in torch, jax"):
        symgrad.derive(lambda X: X.sum(), np.eye(2), framework="paddle")
